package org.hkpgateway.process;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * A child of the gateway that has shaken hands.
 *
 * @param child the process
 * @param endpoint where it listens
 */
record LocalPluginProcess(ChildProcess child, PluginEndpoint endpoint) implements PluginProcess {

	@Override
	public long pid() {
		return this.child.pid();
	}

	@Override
	public CompletableFuture<ExitStatus> onExit() {
		return this.child.onExit();
	}

	@Override
	public ExitStatus end(Duration voluntary, Duration term) {
		return this.child.end(voluntary, term);
	}

}
