package org.hkpgateway.actuate;

import java.util.concurrent.CompletableFuture;

import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;

/**
 * Changes what the decisions of a running plugin are for, whatever is configured.
 */
@FunctionalInterface
public interface PluginModes {

	/**
	 * Changes the mode by a swap, so that no request is lost. Holds until configuration
	 * or the plugin's files are read again. Does not block.
	 * @param id its name
	 * @param mode what its decisions are to be for
	 * @return completes when a process in that mode decides, or has failed to start
	 */
	CompletableFuture<ActionResult> change(PluginId id, PluginMode mode);

}
