package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;

/**
 * What a scan of the plugin directories found.
 *
 * @param plugins the plugins that can run, in chain order, disabled ones included; no
 * faulty ones
 * @param findings everything worth telling the operator: what concerns directories, then
 * by file in the order of directories and paths, then what is only configured
 * @param names every name that is claimed, disabled and faulty plugins included: settings
 * for other names have no plugin
 * @param files the files that make an installed plugin, its manifest and its executable,
 * by name, faulty ones included: a change of one of them may change the plugin. Absolute;
 * links are not followed, as a link that is turned elsewhere is a change too. None for a
 * plugin that is only configured
 */
public record Discovery(List<PluginSpec> plugins, List<Finding> findings, Set<PluginId> names,
		Map<PluginId, List<Path>> files) {

	public Discovery {
		plugins = List.copyOf(plugins);
		findings = List.copyOf(findings);
		names = Set.copyOf(names);
		files = Map.copyOf(files);
	}

	/**
	 * The findings that keep a plugin out.
	 * @return possibly none
	 */
	public List<Finding> errors() {
		return this.findings.stream().filter((finding) -> finding.severity() == Finding.Severity.ERROR).toList();
	}

}
