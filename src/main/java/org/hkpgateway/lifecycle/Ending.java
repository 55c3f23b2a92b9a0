package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.function.Supplier;

import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.process.ExitStatus;
import org.hkpgateway.process.PluginProcess;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What there is to end of an incarnation.
 *
 * @param plugin whose it is
 * @param connection null if there is none
 * @param process null if there is none, or none that is the gateway's
 */
record Ending(PluginId plugin, @Nullable PluginConnection connection, @Nullable PluginProcess process) {

	private static final Logger logger = LoggerFactory.getLogger(Ending.class);

	/**
	 * Ends it step by step. A process that is not the gateway's is not told anything.
	 * @param reason for the plugin's log; null to leave out Shutdown
	 * @param settings how long the steps may take
	 */
	void shutDown(@Nullable String reason, LifecycleSettings settings) {
		Duration voluntary = Duration.ZERO;
		if (reason != null && this.connection != null && this.process != null) {
			try {
				this.connection.shutdown(reason, settings.shutdown());
				voluntary = settings.exit();
			}
			catch (RuntimeException ex) {
				logger.warn("plugin {}: no answer to Shutdown, so it is ended by signal: {}", this.plugin,
						ex.getMessage());
			}
		}
		end(voluntary, settings.terminate());
	}

	/**
	 * Ends it without a word.
	 * @param voluntary how long it may take to exit by itself
	 * @param terminate time between SIGTERM and SIGKILL; zero to kill at once
	 * @return how the process ended; null if there is none or that is not known
	 */
	@Nullable ExitStatus end(Duration voluntary, Duration terminate) {
		PluginConnection connected = this.connection;
		if (connected != null) {
			attempt(() -> {
				connected.close();
				return null;
			});
		}
		PluginProcess running = this.process;
		return (running != null) ? attempt(() -> running.end(voluntary, terminate)) : null;
	}

	/** One failing step must not keep the others, and the restart, from happening. */
	private @Nullable ExitStatus attempt(Supplier<@Nullable ExitStatus> step) {
		try {
			return step.get();
		}
		catch (RuntimeException ex) {
			logger.error("plugin {}: cannot clean up after it", this.plugin, ex);
			return null;
		}
	}

}
