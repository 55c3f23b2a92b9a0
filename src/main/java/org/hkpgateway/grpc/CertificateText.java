package org.hkpgateway.grpc;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import org.hkpgateway.log.BoundedText;

/**
 * Names certificates in messages.
 */
final class CertificateText {

	private static final int MAX_NAME_BYTES = 200;

	private CertificateText() {
	}

	/**
	 * Tells one certificate from another.
	 * @param certificate any, possibly made by a plugin
	 * @return one line: its subject and its fingerprint
	 */
	static String describe(X509Certificate certificate) {
		String name = BoundedText.oneLine(certificate.getSubjectX500Principal().getName(), MAX_NAME_BYTES);
		return name + " with SHA-256 " + fingerprint(certificate);
	}

	private static String fingerprint(X509Certificate certificate) {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()), 0, 8)
					+ "…";
		}
		catch (GeneralSecurityException ex) {
			return "unknown (" + ex.getMessage() + ")";
		}
	}

}
