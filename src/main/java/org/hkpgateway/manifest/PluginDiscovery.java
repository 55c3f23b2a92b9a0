package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Finds plugins: scans directories for {@code <directory>/plugin.toml} and
 * {@code <directory>/<any>/plugin.toml}, validates each manifest and merges the
 * operator's settings over it. Where a directory has no manifest, an executable
 * {@code hkp-plugin-<name>} in it is a plugin too. One faulty manifest never keeps other
 * plugins out.
 * <p>
 * Stateless and safe for use by several threads. Reads files, so it blocks.
 */
public final class PluginDiscovery {

	private final ManifestReader reader;

	private final Manifestless manifestless;

	/** Creates a discovery that trusts files of root and of its own user. */
	public PluginDiscovery() {
		this(new FileTrust(TrustedOwners.rootAndSelf()));
	}

	PluginDiscovery(FileTrust trust) {
		this.reader = new ManifestReader(trust);
		this.manifestless = new Manifestless(trust);
	}

	/**
	 * Scans directories for a gateway that has no remote plugins.
	 * @param directories see {@link ScanRequest}
	 * @param settings the operator's settings for a name
	 * @param defaults what holds for a plugin whose settings do not say otherwise
	 * @return plugins and findings
	 */
	public Discovery scan(List<Path> directories, Function<PluginId, PluginSettings> settings,
			PluginDefaults defaults) {
		return scan(new ScanRequest(directories, Map.of(), Set.of(), settings, defaults));
	}

	/**
	 * Scans directories and adds the plugins that are only configured. Sub-directories
	 * whose name starts with a dot are skipped; at most 256 plugins are read, manifests
	 * of at most 256 KiB each. Of several plugins with one name a remote one wins, then
	 * one with a manifest; among equals the first by order of directories, then by path.
	 * @param request what to look at
	 * @return plugins and findings; never fails because of what a directory holds
	 */
	public Discovery scan(ScanRequest request) {
		List<Finding> findings = new ArrayList<>();
		List<Candidate> remotes = new ArrayList<>();
		List<Candidate> listed = new ArrayList<>();
		List<Candidate> bare = new ArrayList<>();
		List<Candidate> found = new ArrayList<>();
		for (PluginFile file : new PluginFiles(findings).find(request.directories())) {
			Candidate candidate = file.bare() ? bare(file, request) : this.reader.read(file);
			(file.bare() ? bare : listed).add(candidate);
			found.add(candidate);
		}
		request.remotes()
			.forEach((id, remote) -> remotes.add(Manifestless.remote(id, remote, request.settings().apply(id))));
		Map<PluginId, Candidate> named = new LinkedHashMap<>();
		List.of(remotes, listed, bare).forEach((candidates) -> claim(candidates, named));
		List<Candidate> attached = attached(request, named);
		claim(attached, named);
		Dependencies dependencies = new Dependencies(named, (id) -> request.settings().apply(id).enabled());
		dependencies.check();
		List<PluginSpec> plugins = assemble(named, request);
		dependencies.checkOrder(plugins);
		List.of(found, remotes, attached)
			.forEach((candidates) -> candidates.forEach((candidate) -> findings.addAll(findings(candidate, request))));
		Map<PluginId, List<Path>> files = new LinkedHashMap<>();
		named.forEach((id, candidate) -> files.put(id, candidate.files()));
		return new Discovery(plugins, findings, named.keySet(), files);
	}

	/**
	 * Stands in for a plugin that is configured, but not installed or kept out.
	 * @param id its name
	 * @param reason what is wrong, for the operator
	 * @param request what was looked at
	 * @return a plugin that never starts, with the operator's settings
	 */
	public static PluginSpec standIn(PluginId id, String reason, ScanRequest request) {
		PluginSettings settings = request.settings().apply(id);
		Candidate candidate = Manifestless.missing(id, reason, settings);
		return new SpecAssembler(request.defaults()).assemble(Objects.requireNonNull(candidate.parsed()), settings,
				candidate.findings());
	}

	private Candidate bare(PluginFile file, ScanRequest request) {
		PluginId id = PluginFiles.bareName(file.path());
		return this.manifestless.bare(file, id, request.settings().apply(id));
	}

	private static void claim(List<Candidate> candidates, Map<PluginId, Candidate> named) {
		for (Candidate candidate : candidates) {
			PluginId id = candidate.id();
			Candidate first = (id != null) ? named.putIfAbsent(id, candidate) : null;
			if (first != null) {
				candidate.findings()
					.error(candidate.nameLine(),
							((candidate.nameLine() > 0) ? "plugin.name: " : "") + "the name '" + id + "' is taken by "
									+ first.findings().file()
									+ ", which comes first and wins; rename or remove one of them");
			}
		}
	}

	private static List<Candidate> attached(ScanRequest request, Map<PluginId, Candidate> named) {
		List<Candidate> attached = new ArrayList<>();
		for (PluginId id : request.configured()) {
			PluginSettings settings = request.settings().apply(id);
			@Nullable String handshake = settings.attach();
			if (handshake != null && !named.containsKey(id)) {
				attached.add(Manifestless.attached(id, handshake, settings));
			}
		}
		return attached;
	}

	/**
	 * An error is an alarm. What its operator has disabled is out anyway, so nobody needs
	 * to be woken for it; who enables it should know nevertheless.
	 */
	private static List<Finding> findings(Candidate candidate, ScanRequest request) {
		PluginId id = candidate.id();
		boolean disabled = id != null && !request.settings().apply(id).enabled();
		List<Finding> all = candidate.findings().all();
		return disabled ? all.stream().map(Finding::ofDisabledPlugin).toList() : all;
	}

	private static List<PluginSpec> assemble(Map<PluginId, Candidate> named, ScanRequest request) {
		SpecAssembler assembler = new SpecAssembler(request.defaults());
		List<PluginSpec> plugins = new ArrayList<>();
		named.forEach((id, candidate) -> {
			Manifest manifest = candidate.manifest();
			if (manifest != null) {
				plugins.add(assembler.assemble(manifest, request.settings().apply(id), candidate.findings()));
			}
		});
		plugins.sort(PluginSpec.CHAIN_ORDER);
		return plugins;
	}

}
