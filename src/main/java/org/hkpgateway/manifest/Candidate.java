package org.hkpgateway.manifest;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * One manifest file, valid or not.
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

}
