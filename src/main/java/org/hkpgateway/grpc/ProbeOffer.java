package org.hkpgateway.grpc;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;

/**
 * What was made for one process before it is launched, and connections to it by those who
 * know it and by those who do not.
 */
public final class ProbeOffer {

	private final PluginSpec spec;

	private final Gateway gateway;

	private final ChannelOpener opener;

	private final LocalCredentials credentials;

	ProbeOffer(PluginSpec spec, Gateway gateway, ChannelOpener opener) {
		this.spec = spec;
		this.gateway = gateway;
		this.opener = opener;
		this.credentials = LocalCredentials.of(spec);
	}

	/**
	 * What the process must be told; secret.
	 * @return for its environment
	 */
	public Map<String, String> environment() {
		return this.credentials.environment();
	}

	public boolean certificateExpected() {
		return this.credentials instanceof LocalCredentials.Certificate;
	}

	/**
	 * What nobody may ever print.
	 * @return possibly none
	 */
	public List<String> secrets() {
		List<String> secrets = new ArrayList<>();
		if (this.credentials instanceof LocalCredentials.Secret known) {
			secrets.add(known.secret().text());
		}
		return secrets;
	}

	/**
	 * Opens a connection. Nothing is sent yet.
	 * @param endpoint where the plugin listens
	 * @param certificate the one of its handshake; null if there is none
	 * @param caller who claims to be calling
	 * @return to be closed
	 * @throws IllegalArgumentException if a certificate should be there and is not, or
	 * the other way round
	 * @throws org.hkpgateway.plugin.PluginStartException if the endpoint cannot be one
	 */
	public Probe open(PluginEndpoint endpoint, @Nullable X509Certificate certificate, Caller caller) {
		ChannelSecurity own = this.credentials.security(certificate);
		ChannelSecurity security = switch (caller) {
			case GATEWAY -> own;
			case STRANGER -> (own instanceof ChannelSecurity.MutualTls tls)
					? new ChannelSecurity.MutualTls(
							OneOffCertificate.generate(OneOffCertificate.Curve.P256, Instant.now()), tls.plugins())
					: new ChannelSecurity.Secret(SharedSecret.generate());
			case NOBODY -> (own instanceof ChannelSecurity.MutualTls tls)
					? new ChannelSecurity.MutualTls(null, tls.plugins()) : new ChannelSecurity.Plaintext();
			case PLAINTEXT -> new ChannelSecurity.Plaintext();
		};
		return new Probe(this.spec, this.gateway, this.opener.local(this.spec, endpoint, security), own.secret());
	}

	/** Who claims to be calling. */
	public enum Caller {

		/** The gateway, with what the plugin was told of it. */
		GATEWAY,
		/** Somebody with another certificate or token. */
		STRANGER,
		/** Somebody without certificate or token. */
		NOBODY,
		/** Somebody without TLS and without token. */
		PLAINTEXT

	}

}
