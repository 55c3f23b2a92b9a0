package org.hkpgateway.manifest;

import java.util.List;
import java.util.Set;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * What a scan of the plugin directories found.
 *
 * @param plugins the plugins that can run, in chain order, disabled ones included; no
 * faulty ones
 * @param findings everything worth telling the operator, in the order of directories and
 * files
 * @param names every name that some manifest claims, disabled and faulty ones included:
 * settings for other names have no plugin
 */
public record Discovery(List<PluginSpec> plugins, List<Finding> findings, Set<PluginId> names) {

	public Discovery {
		plugins = List.copyOf(plugins);
		findings = List.copyOf(findings);
		names = Set.copyOf(names);
	}

	/**
	 * The findings that keep a plugin out.
	 * @return possibly none
	 */
	public List<Finding> errors() {
		return this.findings.stream().filter((finding) -> finding.severity() == Finding.Severity.ERROR).toList();
	}

}
