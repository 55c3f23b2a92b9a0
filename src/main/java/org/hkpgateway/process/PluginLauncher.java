package org.hkpgateway.process;

import java.time.Duration;

import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Starts plugin processes.
 */
public interface PluginLauncher extends AutoCloseable {

	/**
	 * Starts the plugin's process and reads its handshake; for a plugin that is not the
	 * gateway's to start, finds out where it listens. Blocks until then; called by the
	 * thread that supervises the plugin. On any failure the whole process tree has been
	 * killed and its socket directory removed. Interruption ends the launch: the process
	 * tree is killed at once and the failure says so.
	 * @param spec the plugin
	 * @param offer what the process is told about the connection to come
	 * @param timeout how long the handshake may take
	 * @return the running process
	 * @throws org.hkpgateway.plugin.PluginStartException if there is no process or no
	 * valid handshake in time: says what was expected, what came, the exit code and the
	 * last lines of stderr
	 */
	PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout);

	/**
	 * Kills what still runs, removes the runtime directory and ends the launching thread.
	 * Blocks for a bounded time.
	 */
	@Override
	void close();

}
