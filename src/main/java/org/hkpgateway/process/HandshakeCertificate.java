package org.hkpgateway.process;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

/**
 * The certificate field of a handshake: DER in standard base64, with or without padding.
 */
final class HandshakeCertificate {

	/** go-plugin itself takes shorter fields for none. */
	private static final int SHORTEST = 51;

	private HandshakeCertificate() {
	}

	/**
	 * Reads the field.
	 * @param field as it came, empty if there was none
	 * @param expected whether there must be a certificate; if not, there must not
	 * @return null if none was expected
	 * @throws HandshakeException if it is not as expected
	 */
	static @Nullable X509Certificate parse(String field, boolean expected) {
		boolean present = field.length() >= SHORTEST;
		if (!expected) {
			if (present) {
				throw new HandshakeException("certificate: expected: none, because no PLUGIN_CLIENT_CERT was given, "
						+ "got: one of " + field.length() + " characters; have the plugin serve without TLS");
			}
			return null;
		}
		if (!present) {
			throw new HandshakeException("mTLS asked and no certificate returned: expected: a certificate in the sixth "
					+ "field, because PLUGIN_CLIENT_CERT was given, got: "
					+ (field.isEmpty() ? "none" : "'" + Printable.excerpt(field, SHORTEST) + "'")
					+ "; have the plugin serve with TLS, or set its transport to secret or plaintext");
		}
		return decode(field);
	}

	private static X509Certificate decode(String field) {
		try {
			byte[] der = Base64.getDecoder().decode(field);
			ByteArrayInputStream input = new ByteArrayInputStream(der);
			X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(input);
			if (input.available() > 0) {
				throw undecodable(input.available() + " bytes behind it");
			}
			return certificate;
		}
		catch (IllegalArgumentException | CertificateException ex) {
			throw undecodable(Printable.excerpt(String.valueOf(ex.getMessage()), 200));
		}
	}

	private static HandshakeException undecodable(String why) {
		return new HandshakeException("certificate: expected: one X.509 certificate, DER in standard base64, got: "
				+ "something that cannot be decoded: " + why);
	}

}
