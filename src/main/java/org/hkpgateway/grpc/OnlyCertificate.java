package org.hkpgateway.grpc;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts one certificate and no other, whoever signed it and whatever its name: nothing
 * is left for a chain or a host name to say. The TLS handshake proves that the other side
 * has its key.
 */
final class OnlyCertificate extends X509ExtendedTrustManager {

	private final X509Certificate promised;

	OnlyCertificate(X509Certificate promised) {
		this.promised = promised;
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		if (chain.length == 0 || !chain[0].equals(this.promised)) {
			throw new CertificateException(
					"expected: the certificate of the handshake line, " + CertificateText.describe(this.promised)
							+ ", got: " + ((chain.length == 0) ? "none" : CertificateText.describe(chain[0])));
		}
		try {
			chain[0].checkValidity();
		}
		catch (CertificateException ex) {
			throw new CertificateException("expected: a certificate that is valid now, got: one that is valid from "
					+ chain[0].getNotBefore().toInstant() + " until " + chain[0].getNotAfter().toInstant(), ex);
		}
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

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		throw new CertificateException("the gateway is the client of its plugins");
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
	public X509Certificate[] getAcceptedIssuers() {
		return new X509Certificate[0];
	}

}
