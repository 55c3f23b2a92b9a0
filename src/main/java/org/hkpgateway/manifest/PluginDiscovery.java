package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Finds plugins: scans directories for {@code <directory>/plugin.toml} and
 * {@code <directory>/<any>/plugin.toml}, validates each manifest and merges the
 * operator's settings over it. One faulty manifest never keeps other plugins out.
 * <p>
 * Stateless and safe for use by several threads. Reads files, so it blocks.
 */
public final class PluginDiscovery {

	private final ManifestReader reader;

	/** Creates a discovery that trusts executables of root and of its own user. */
	public PluginDiscovery() {
		this(new ExecutableCheck(TrustedOwners.rootAndSelf()));
	}

	PluginDiscovery(ExecutableCheck executables) {
		this.reader = new ManifestReader(executables);
	}

	/**
	 * Scans directories. Sub-directories whose name starts with a dot are skipped; at
	 * most 256 manifests of at most 256 KiB each are read. Of several manifests with one
	 * name the first wins, by order of directories, then by path.
	 * @param directories where plugins are installed; a missing one is a warning
	 * @param settings the operator's settings for a name
	 * @param defaults what holds for a plugin whose settings do not say otherwise
	 * @return plugins and findings; never fails because of what a directory holds
	 */
	public Discovery scan(List<Path> directories, Function<PluginId, PluginSettings> settings,
			PluginDefaults defaults) {
		List<Finding> findings = new ArrayList<>();
		List<Candidate> candidates = new ArrayList<>();
		for (Path file : new ManifestFiles(findings).find(directories)) {
			candidates.add(this.reader.read(file));
		}
		Map<PluginId, Candidate> named = byName(candidates);
		new Dependencies(named, (id) -> settings.apply(id).enabled()).check();
		List<PluginSpec> plugins = new ArrayList<>();
		named.forEach((id, candidate) -> {
			PluginSettings own = settings.apply(id);
			Manifest manifest = candidate.manifest();
			if (manifest != null) {
				plugins.add(new SpecAssembler(defaults).assemble(manifest, own, candidate.findings()));
			}
		});
		plugins.sort(PluginSpec.CHAIN_ORDER);
		candidates.forEach((candidate) -> findings.addAll(candidate.findings().all()));
		return new Discovery(plugins, findings, named.keySet());
	}

	private static Map<PluginId, Candidate> byName(List<Candidate> candidates) {
		Map<PluginId, Candidate> named = new LinkedHashMap<>();
		for (Candidate candidate : candidates) {
			PluginId id = candidate.id();
			if (id == null) {
				continue;
			}
			Candidate first = named.putIfAbsent(id, candidate);
			if (first != null) {
				candidate.findings()
					.error(candidate.nameLine(), "plugin.name: the name '" + id + "' is taken by "
							+ first.findings().file() + ", which comes first and wins; rename or remove one of them");
			}
		}
		return named;
	}

}
