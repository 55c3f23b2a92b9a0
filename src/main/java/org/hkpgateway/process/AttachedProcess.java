package org.hkpgateway.process;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.jspecify.annotations.Nullable;

/**
 * A process that is not the gateway's: it is connected to and never ended, and the
 * gateway does not see its exit.
 *
 * @param endpoint where it listens
 * @param certificate of its handshake, null if none was expected
 */
record AttachedProcess(PluginEndpoint endpoint, @Nullable X509Certificate certificate) implements PluginProcess {

	private static final ExitStatus UNKNOWN = new ExitStatus(0, List.of());

	/**
	 * A process that a developer started by hand.
	 * @throws PluginStartException if what was pasted is no handshake
	 */
	static AttachedProcess attach(PluginSpec spec, PluginSource.Attached source, PluginConnection.Offer offer) {
		try {
			Handshake handshake = Handshake.parse(source.handshake(), HandshakeTerms.of(Network.TCP, offer));
			return new AttachedProcess(handshake.endpoint(), handshake.certificate());
		}
		catch (HandshakeException ex) {
			throw new PluginStartException(spec.id(),
					"hkp.plugins.settings." + spec.id() + ".attach: " + ex.getMessage(), ex);
		}
	}

	static AttachedProcess remote(PluginSource.Remote source) {
		return new AttachedProcess(new PluginEndpoint.Remote(source.address()), null);
	}

	@Override
	public OptionalLong pid() {
		return OptionalLong.empty();
	}

	@Override
	public IsolationReport isolation() {
		return IsolationReport.NOT_OURS;
	}

	/** Never completes. */
	@Override
	public CompletableFuture<ExitStatus> onExit() {
		return new CompletableFuture<>();
	}

	/** Does nothing. */
	@Override
	public ExitStatus end(Duration voluntary, Duration term) {
		return UNKNOWN;
	}

}
