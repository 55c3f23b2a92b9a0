package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * Who changed what about one request, in order. Costs nothing until somebody does.
 */
final class Provenance {

	private @Nullable List<Change> changes;

	private final Map<String, PluginId> latest = new HashMap<>(0);

	/**
	 * Takes down what a decision has changed.
	 * @param plugin whose it is
	 * @param decision one that was applied
	 */
	void add(PluginId plugin, Decision.Continue decision) {
		if (decision.rewrite() != null) {
			add(plugin, Change.Part.TARGET, "", true);
		}
		BodyReplacement body = decision.body();
		if (body != null) {
			add(plugin, Change.Part.BODY, "", true);
			if (body.contentType() != null) {
				add(plugin, Change.Part.REQUEST_HEADER, "content-type", true);
			}
		}
		add(plugin, Change.Part.REQUEST_HEADER, decision.requestHeaders());
		add(plugin, Change.Part.RESPONSE_HEADER, decision.responseHeaders());
	}

	private void add(PluginId plugin, Change.Part part, List<HeaderMutation> mutations) {
		for (HeaderMutation mutation : mutations) {
			add(plugin, part, mutation.name().toLowerCase(Locale.ROOT), !(mutation instanceof HeaderMutation.Append));
		}
	}

	private void add(PluginId plugin, Change.Part part, String name, boolean replaces) {
		PluginId before = this.latest.put(part + " " + name, plugin);
		if (plugin.equals(before)) {
			return;
		}
		if (this.changes == null) {
			this.changes = new ArrayList<>();
		}
		this.changes.add(new Change(plugin, part, name, replaces ? before : null));
	}

	List<Change> changes() {
		return (this.changes != null) ? List.copyOf(this.changes) : List.of();
	}

}
