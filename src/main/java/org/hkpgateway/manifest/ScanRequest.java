package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;

/**
 * What discovery is to look at.
 *
 * @param directories where plugins are installed; a missing one is a warning
 * @param remotes plugins that run elsewhere; their names win over installed ones
 * @param configured the names that have settings: one with
 * {@link PluginSettings#attach()} is a plugin even if none of that name is installed
 * @param settings the operator's settings for a name, for a remote plugin too
 * @param defaults what holds for a plugin whose settings do not say otherwise
 */
public record ScanRequest(List<Path> directories, Map<PluginId, PluginSource.Remote> remotes, Set<PluginId> configured,
		Function<PluginId, PluginSettings> settings, PluginDefaults defaults) {

	public ScanRequest {
		directories = List.copyOf(directories);
		remotes = new TreeMap<>(remotes);
		configured = new TreeSet<>(configured);
	}

	/**
	 * Directories alone, as if there were no configuration.
	 * @param directories where plugins are installed
	 * @return a request with default settings
	 */
	public static ScanRequest of(List<Path> directories) {
		return new ScanRequest(directories, Map.of(), Set.of(), (id) -> PluginSettings.DEFAULTS,
				PluginDefaults.DEFAULTS);
	}

}
