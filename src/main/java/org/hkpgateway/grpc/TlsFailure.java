package org.hkpgateway.grpc;

import java.security.cert.CertificateException;

import javax.net.ssl.SSLException;

import io.grpc.Status;
import io.netty.handler.ssl.NotSslRecordException;
import org.hkpgateway.log.BoundedText;
import org.jspecify.annotations.Nullable;

/**
 * Puts failed TLS handshakes into words.
 */
final class TlsFailure {

	private static final int MAX_BYTES = 1024;

	private TlsFailure() {
	}

	/**
	 * Describes a failure to connect.
	 * @param failure the status of a call that failed because of it
	 * @param expected what the server should do
	 * @param withoutTls what to do if the server does without TLS
	 * @param trust what the handshake needs
	 * @return a sentence, or null if it was not TLS that failed
	 */
	static @Nullable String describe(Status failure, String expected, String withoutTls, String trust) {
		Throwable tls = null;
		for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
			if (cause instanceof NotSslRecordException) {
				return "TLS handshake failed: expected: " + expected + ", got: a server without TLS (" + withoutTls
						+ ")";
			}
			if (cause instanceof CertificateException) {
				return "TLS handshake failed: " + text(cause);
			}
			tls = (cause instanceof SSLException) ? cause : tls;
		}
		return (tls != null) ? "TLS handshake failed: expected: TLS 1.2 or later and " + trust + ", got: " + text(tls)
				: null;
	}

	private static String text(Throwable cause) {
		return BoundedText.oneLine(String.valueOf(cause.getMessage()), MAX_BYTES);
	}

}
