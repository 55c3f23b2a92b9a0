package org.hkpgateway.host;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;

import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Makes connections with a way back, for remote plugins with a host-token, and leaves all
 * others as they are.
 */
final class AdmittingConnector implements PluginConnection.Connector {

	private final PluginConnection.Connector connector;

	private final RemoteCallers callers;

	/**
	 * Makes it.
	 * @param connector makes connections
	 * @param callers who may call
	 */
	AdmittingConnector(PluginConnection.Connector connector, RemoteCallers callers) {
		this.connector = connector;
		this.callers = callers;
	}

	@Override
	public PluginConnection.Offer offer(PluginSpec spec) {
		PluginConnection.Offer offer = this.connector.offer(spec);
		if (spec.source() instanceof PluginSource.Remote remote && remote.hostToken() != null) {
			return new AdmittingOffer(offer, spec, remote.hostToken());
		}
		return offer;
	}

	/** For one connection. */
	private final class AdmittingOffer implements PluginConnection.Offer {

		private final PluginConnection.Offer offer;

		private final PluginSpec spec;

		private final String token;

		AdmittingOffer(PluginConnection.Offer offer, PluginSpec spec, String token) {
			this.offer = offer;
			this.spec = spec;
			this.token = token;
		}

		@Override
		public Map<String, String> environment() {
			return this.offer.environment();
		}

		@Override
		public boolean certificateExpected() {
			return this.offer.certificateExpected();
		}

		@Override
		public PluginConnection connect(PluginEndpoint endpoint, @Nullable X509Certificate certificate,
				Duration timeout) {
			return new AdmittedConnection(this.offer.connect(endpoint, certificate, timeout),
					() -> AdmittingConnector.this.callers.open(this.spec, this.token));
		}

	}

}
