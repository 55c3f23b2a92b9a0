package org.hkpgateway.proxy;

import java.util.Locale;

/**
 * Told of connections that the public port ends before there is a request to answer or to
 * log. Called on event loops, so it must not block.
 */
@FunctionalInterface
public interface EdgeListener {

	/**
	 * A connection was refused.
	 * @param reason why
	 */
	void connectionRefused(Reason reason);

	/** Why a connection was refused. */
	enum Reason {

		/** A peer that is no trusted proxy sent a PROXY protocol header. */
		PROXY_HEADER_UNTRUSTED,
		/** The header is required and did not come, not in time or not at all. */
		PROXY_HEADER_MISSING,
		/** A trusted proxy sent a header that cannot be read. */
		PROXY_HEADER_MALFORMED,
		/** The TLS handshake failed or took too long. */
		TLS_HANDSHAKE;

		/**
		 * For metrics and logs.
		 * @return lower case with hyphens
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

}
