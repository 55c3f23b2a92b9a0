package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.List;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * One plugin that was found or configured, valid or not.
 *
 * @param findings what is wrong with it, still growing
 * @param id the name it claims, null if it claims none
 * @param nameLine where it claims it, 0 if it does not
 * @param parsed what it says, null if that is not valid
 */
record Candidate(Findings findings, @Nullable PluginId id, int nameLine, @Nullable Manifest parsed) {

	/**
	 * The manifest as long as nothing was found that keeps the plugin out.
	 * @return null if it is kept out
	 */
	@Nullable Manifest manifest() {
		return this.findings.failed() ? null : this.parsed;
	}

	/**
	 * The files that make this plugin of a plugin directory, as named, links not
	 * followed: a change of a link is a change of the plugin.
	 */
	List<Path> files() {
		Manifest manifest = this.parsed;
		if (manifest != null && manifest.origin() instanceof Origin.Program program) {
			return List.of(this.findings.file(), program.named()).stream().distinct().toList();
		}
		return (manifest != null) ? List.of() : List.of(this.findings.file());
	}

}
