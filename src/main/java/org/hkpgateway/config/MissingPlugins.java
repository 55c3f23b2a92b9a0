package org.hkpgateway.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Plugins that the configuration names and the directories do not hold: a filter that the
 * operator believes in must not be absent in silence. One that is required keeps its
 * place in the chain, where its fail policy answers.
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
	 * What stands in for required plugins that cannot start, because there is none or its
	 * manifest is faulty.
	 * @param plugins the configuration
	 * @param present the plugins there are
	 * @param findings what is wrong with others
	 * @return possibly none
	 */
	static List<PluginSpec> standIns(PluginsProperties plugins, Collection<PluginSpec> present,
			List<Finding> findings) {
		Set<PluginId> there = present.stream().map(PluginSpec::id).collect(Collectors.toSet());
		List<PluginSpec> standIns = new ArrayList<>();
		plugins.settings().forEach((name, settings) -> {
			PluginId id = new PluginId(name);
			if (settings.enabled() && settings.required() && settings.mode() == PluginMode.ENFORCE
					&& !there.contains(id)) {
				standIns.add(PluginDiscovery.standIn(id, reason(id, findings), plugins.scanRequest()));
			}
		});
		return standIns;
	}

	private static String reason(PluginId id, List<Finding> findings) {
		return findings.stream()
			.filter((finding) -> finding.severity() == Finding.Severity.ERROR && id.equals(finding.plugin()))
			.map(Finding::toString)
			.findFirst()
			.orElse("its manifest cannot be read");
	}

	static boolean isStandIn(PluginSpec spec) {
		return spec.source() instanceof PluginSource.Missing;
	}

}
