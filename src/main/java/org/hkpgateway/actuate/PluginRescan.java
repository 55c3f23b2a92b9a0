package org.hkpgateway.actuate;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.PluginDifference;
import org.hkpgateway.manifest.Finding;

/**
 * Reads configuration and plugin directories again and brings the running plugins in
 * line.
 */
@FunctionalInterface
public interface PluginRescan {

	/**
	 * Looks, and applies what it finds. Does not block.
	 * @param dryRun whether to look only
	 * @return what it found and did; fails with an {@link IllegalArgumentException} whose
	 * message names the key if the configuration is not valid: then nothing was changed
	 */
	CompletableFuture<Report> rescan(boolean dryRun);

	/**
	 * What a rescan found and did.
	 *
	 * @param difference what it changes
	 * @param keptOut plugins that run on as they are, because what was found in their
	 * place is faulty; see the findings
	 * @param needRestart keys whose change only a restart of the gateway applies
	 * @param results what came of it, by plugin; empty for a dry run
	 * @param findings what is wrong with manifests and directories
	 */
	record Report(PluginDifference difference, List<String> keptOut, List<String> needRestart,
			Map<String, ActionResult> results, List<Finding> findings) {
	}

}
