package org.hkpgateway.sdk;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

import org.hkpgateway.sdk.log.PluginLog;

/**
 * Lets in the holder of one certificate: not of another that the same key has signed, and
 * whatever the date is. TLS itself proves that the peer holds the key.
 *
 * <p>
 * Extended, because the JDK would add checks of its own to a plain trust manager, which
 * concern authorities and not a pin.
 */
final class PinnedTrust extends X509ExtendedTrustManager {

	private static final PluginLog log = PluginLog.get("sdk");

	private final X509Certificate gateway;

	PinnedTrust(X509Certificate gateway) {
		this.gateway = gateway;
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		if (chain.length == 0 || !chain[0].equals(this.gateway)) {
			String got = (chain.length == 0) ? "none" : describe(chain[0]);
			log.warn("a client that is not the gateway was refused", "expected", describe(this.gateway), "got", got);
			throw new CertificateException(
					"expected: the certificate of PLUGIN_CLIENT_CERT (" + describe(this.gateway) + "), got: " + got);
		}
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		checkClientTrusted(chain, authType);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		checkClientTrusted(chain, authType);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		throw new CertificateException("expected: a check of a client, got: one of a server; a plugin is never client");
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		checkServerTrusted(chain, authType);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		checkServerTrusted(chain, authType);
	}

	/**
	 * None, so that clients which choose a certificate by this list send theirs.
	 */
	@Override
	public X509Certificate[] getAcceptedIssuers() {
		return new X509Certificate[0];
	}

	private static String describe(X509Certificate certificate) {
		return certificate.getSubjectX500Principal() + ", serial " + certificate.getSerialNumber().toString(16);
	}

}
