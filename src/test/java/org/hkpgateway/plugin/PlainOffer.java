package org.hkpgateway.plugin;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;

/**
 * Offers nothing to the process: for tests of what comes before a connection.
 */
public final class PlainOffer implements PluginConnection.Offer {

	@Override
	public Map<String, String> environment() {
		return Map.of();
	}

	@Override
	public boolean certificateExpected() {
		return false;
	}

	@Override
	public PluginConnection connect(PluginEndpoint endpoint, X509Certificate certificate, Duration timeout) {
		throw new UnsupportedOperationException();
	}

}
