package org.hkpgateway.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Plugins that the configuration names and the directories do not hold: a filter that the
 * operator believes in must not be absent in silence.
 */
final class MissingPlugins {

	private MissingPlugins() {
	}

	/**
	 * Settings for which no manifest was found.
	 * @param plugins the configuration
	 * @param discovery what was found
	 * @return an error for each
	 */
	static List<Finding> findings(PluginsProperties plugins, Discovery discovery) {
		List<Finding> findings = new ArrayList<>();
		plugins.settings().forEach((name, settings) -> {
			PluginId id = new PluginId(name);
			if (settings.enabled() && !discovery.names().contains(id)) {
				findings.add(new Finding(Finding.Severity.ERROR, id, Path.of("hkp.plugins.settings." + name), 0,
						"expected: a plugin of this name in " + plugins.directories()
								+ ", got: none; install it or remove the settings"));
			}
		});
		return findings;
	}

	/**
	 * Required plugins that cannot start, because there is none or its manifest is
	 * faulty.
	 * @param plugins the configuration
	 * @param discovery what was found
	 * @return their names
	 */
	static List<String> required(PluginsProperties plugins, Discovery discovery) {
		Set<String> present = discovery.plugins()
			.stream()
			.map(PluginSpec::id)
			.map(PluginId::name)
			.collect(Collectors.toSet());
		Stream<String> required = Stream.concat(
				plugins.settings()
					.entrySet()
					.stream()
					.filter((entry) -> entry.getValue().enabled() && entry.getValue().required())
					.map(Map.Entry::getKey),
				plugins.remote()
					.entrySet()
					.stream()
					.filter((entry) -> entry.getValue().enabled() && entry.getValue().required())
					.map(Map.Entry::getKey));
		return required.filter((name) -> !present.contains(name)).toList();
	}

}
