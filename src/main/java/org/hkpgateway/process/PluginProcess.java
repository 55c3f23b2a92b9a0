package org.hkpgateway.process;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * A running plugin process whose handshake was read.
 */
public interface PluginProcess {

	/**
	 * The process id of the plugin itself, not of what it is wrapped in.
	 * @return its pid; empty for a process that is not the gateway's
	 */
	OptionalLong pid();

	/**
	 * The certificate of its handshake.
	 * @return null if none was expected
	 */
	@Nullable X509Certificate certificate();

	/**
	 * What keeps it apart from the rest of the machine.
	 * @return what was applied at its launch
	 */
	IsolationReport isolation();

	/**
	 * Where it listens.
	 * @return the address of its handshake
	 */
	PluginEndpoint endpoint();

	/**
	 * Completes once, as soon as the process has exited, on a thread that must not be
	 * blocked. Never for a process that is not the gateway's.
	 * @return how it ended
	 */
	CompletableFuture<ExitStatus> onExit();

	/**
	 * Ends the process: waits for it to exit by itself, then SIGTERM and waits, then
	 * SIGKILL of the whole process tree; waits for the output pipes; removes the socket
	 * directory. Blocks at most for the two grace periods and four seconds. Does no harm
	 * when the process is gone: what it has left behind is killed all the same. Does
	 * nothing to a process that is not the gateway's.
	 * @param voluntary how long it may take to exit by itself; zero to signal at once
	 * @param term how long it may take after SIGTERM; zero to kill at once
	 * @return how it ended; code 0 for a process that is not the gateway's
	 */
	ExitStatus end(Duration voluntary, Duration term);

}
