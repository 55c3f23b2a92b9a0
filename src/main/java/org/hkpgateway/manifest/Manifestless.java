package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;

import org.jspecify.annotations.Nullable;

/**
 * Plugins that have no manifest. They request what the operator grants them, as nobody
 * else can speak for them.
 */
final class Manifestless {

	private static final String BARE_VERSION = "0";

	private final ExecutableCheck executables;

	private final FileTrust trust;

	Manifestless(FileTrust trust) {
		this.executables = new ExecutableCheck(trust);
		this.trust = trust;
	}

	/**
	 * An executable in a plugin directory. The directory it lies in counts as its own,
	 * even if it shares it with others.
	 */
	Candidate bare(PluginFile file, PluginId id, PluginSettings settings) {
		Findings findings = new Findings(file.path());
		findings.about(id);
		findings.notice(0, "has no plugin.toml beside it and is offered as plugin '" + id + "', version " + BARE_VERSION
				+ ", protocol 1.0; write one to say more");
		Origin.Program program = program(file, findings);
		Manifest manifest = (program != null) ? Manifest.without(id, BARE_VERSION, program, grants(settings)) : null;
		return new Candidate(findings, id, 0, manifest);
	}

	/** A plugin that runs elsewhere. */
	static Candidate remote(PluginId id, PluginSource.Remote source, PluginSettings settings) {
		return elsewhere("hkp.plugins.remote." + id, id, source, settings);
	}

	/** A process that somebody started by hand, of a plugin that is not installed. */
	static Candidate attached(PluginId id, String handshake, PluginSettings settings) {
		return elsewhere("hkp.plugins.settings." + id, id, new PluginSource.Attached(handshake), settings);
	}

	/** None at all. */
	static Candidate missing(PluginId id, String reason, PluginSettings settings) {
		return elsewhere("hkp.plugins.settings." + id, id, new PluginSource.Missing(reason), settings);
	}

	private static Candidate elsewhere(String key, PluginId id, PluginSource source, PluginSettings settings) {
		Findings findings = new Findings(Path.of(key));
		findings.about(id);
		return new Candidate(findings, id, 0, Manifest.without(id, "", new Origin.Elsewhere(source), grants(settings)));
	}

	private Origin.@Nullable Program program(PluginFile file, Findings findings) {
		Spot spot = new Spot(findings, 0, "");
		Path directory;
		try {
			directory = file.path().resolveSibling("").toRealPath();
		}
		catch (IOException ex) {
			spot.error("its directory cannot be read: " + PluginFiles.reason(ex));
			return null;
		}
		Path executable = this.executables.resolve(directory, String.valueOf(file.path().getFileName()), spot);
		if (executable == null) {
			return null;
		}
		this.trust.checkDirectories(file.root(), directory, List.of(executable), spot);
		return new Origin.Program(directory, executable, file.path(), List.of(), null);
	}

	private static Set<Capability> grants(PluginSettings settings) {
		Set<Capability> grants = EnumSet.noneOf(Capability.class);
		grants.addAll(settings.grants());
		return grants;
	}

}
