package org.hkpgateway.grpc;

import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
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

	/**
	 * Describes the end of a connection to a server that may refuse the certificate. With
	 * TLS 1.3 it says so behind the handshake, and what it says is lost if it hangs up
	 * before all is read that it was sent.
	 * @param failure the status of a call that failed because of it, and not TLS
	 * @param trust what the handshake needs
	 * @param hint what may be the matter
	 * @return a sentence, or null if there was no connection that could end
	 */
	static @Nullable String describeEnd(Status failure, String trust, String hint) {
		if (failure.getCode() != Status.Code.UNAVAILABLE) {
			return null;
		}
		for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
			if (cause instanceof ConnectException || cause instanceof NoRouteToHostException
					|| cause instanceof FileNotFoundException) {
				return null;
			}
		}
		return "TLS handshake failed: expected: TLS 1.2 or later and " + trust
				+ ", got: a connection that ended in it, or just behind it, with " + StatusTranslation.describe(failure)
				+ " (" + hint + ")";
	}

	private static String text(Throwable cause) {
		return BoundedText.oneLine(String.valueOf(cause.getMessage()), MAX_BYTES);
	}

}
