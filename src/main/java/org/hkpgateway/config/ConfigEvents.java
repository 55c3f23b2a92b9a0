package org.hkpgateway.config;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.events.EventBus;
import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.PluginDifference;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Publishes {@value #TYPE} when the gateway has put a changed configuration in force:
 * which plugins it concerns and how that went, or which certificate. No values: they may
 * be secret. Thread-safe, never blocks.
 */
final class ConfigEvents {

	/** The type of the events. */
	static final String TYPE = "config.changed";

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus;

	ConfigEvents(EventBus bus) {
		this.bus = bus;
	}

	/**
	 * Plugins are others than before.
	 * @param difference what has changed; nothing is published if that is nothing
	 * @param results how it went
	 */
	void applied(PluginDifference difference, Map<PluginId, ActionResult> results) {
		if (!difference.isEmpty()) {
			this.bus.publish(TYPE, "gateway", Map.of(), () -> {
				ObjectNode data = json.createObjectNode();
				ArrayNode plugins = data.putArray("plugins");
				add(plugins, difference.added(), "added", results);
				add(plugins, difference.changed().keySet(), "changed", results);
				add(plugins, difference.removed(), "removed", results);
				return data.toString();
			});
		}
	}

	private static void add(ArrayNode plugins, Collection<PluginId> ids, String change,
			Map<PluginId, ActionResult> results) {
		ids.stream().sorted().forEach((id) -> {
			ObjectNode plugin = plugins.addObject().put("plugin", id.name()).put("change", change);
			ActionResult result = results.get(id);
			if (result != null) {
				plugin.put("outcome", outcome(result));
			}
		});
	}

	/**
	 * A plugin's files are others than before, and its settings are not.
	 * @param plugin which
	 * @param result how it went to put them in force
	 */
	void reloaded(PluginId plugin, ActionResult result) {
		this.bus.publish(TYPE, "gateway", Map.of(), () -> {
			ObjectNode data = json.createObjectNode();
			data.putArray("plugins")
				.addObject()
				.put("plugin", plugin.name())
				.put("change", "files")
				.put("outcome", outcome(result));
			return data.toString();
		});
	}

	/**
	 * The public port has a new certificate.
	 * @param bundle the name of its SSL bundle
	 */
	void certificateChanged(String bundle) {
		this.bus.publish(TYPE, "gateway", Map.of(), () -> json.createObjectNode().put("tls_bundle", bundle).toString());
	}

	private static String outcome(ActionResult result) {
		return result.outcome().name().toLowerCase(Locale.ROOT);
	}

}
