package org.hkpgateway.sdk;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * Reads the certificate by which the gateway will identify itself. Whatever is wrong with
 * it ends the launch: a plugin that was asked for TLS never serves plaintext.
 */
final class GatewayCertificate {

	private static final String VARIABLE = "PLUGIN_CLIENT_CERT";

	private static final String BEGIN = "-----BEGIN CERTIFICATE-----";

	private GatewayCertificate() {
	}

	/**
	 * Reads it.
	 * @param pem the value of the environment variable
	 * @return the certificate
	 * @throws LaunchException if it is not exactly one X.509 certificate in PEM
	 */
	static X509Certificate parse(String pem) throws LaunchException {
		String text = pem.strip();
		if (text.isEmpty()) {
			throw refusal("an empty value", null);
		}
		if (!text.startsWith(BEGIN)) {
			// Not quoted: it may be a key.
			throw refusal("a value of " + text.length() + " characters that does not begin with " + BEGIN, null);
		}
		try {
			Collection<? extends Certificate> all = CertificateFactory.getInstance("X.509")
				.generateCertificates(new ByteArrayInputStream((text + "\n").getBytes(StandardCharsets.UTF_8)));
			if (all.size() != 1) {
				throw refusal(all.size() + " certificates", null);
			}
			return (X509Certificate) all.iterator().next();
		}
		catch (CertificateException ex) {
			throw refusal("one that cannot be read (" + ex.getMessage() + ")", ex);
		}
	}

	private static LaunchException refusal(String got, @Nullable Throwable cause) {
		return new LaunchException("expected: exactly one X.509 certificate in PEM in " + VARIABLE + ", got: " + got
				+ "; the gateway sets the variable, and leaves it out for plaintext", cause);
	}

}
