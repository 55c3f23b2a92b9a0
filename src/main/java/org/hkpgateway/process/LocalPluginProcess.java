package org.hkpgateway.process;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * A child of the gateway that has shaken hands.
 *
 * @param child the process
 * @param endpoint where it listens
 * @param certificate of its handshake, null if none was expected
 * @param isolation what was applied
 */
record LocalPluginProcess(ChildProcess child, PluginEndpoint endpoint, @Nullable X509Certificate certificate,
		IsolationReport isolation) implements PluginProcess {

	@Override
	public OptionalLong pid() {
		return OptionalLong.of(this.child.pid());
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
