package org.hkpgateway.proxy;

import java.util.Locale;

import org.hkpgateway.hkp.Unread;

/**
 * Told what the public port does before and in place of serving requests, and what it
 * could not see of them. Called on event loops, so it must be thread-safe and must not
 * block.
 */
@FunctionalInterface
public interface EdgeListener {

	/**
	 * A connection was refused before its first request.
	 * @param reason why
	 */
	void connectionRefused(Reason reason);

	/**
	 * A connection was let in.
	 */
	default void connectionOpened() {
	}

	/**
	 * A connection that was let in has ended.
	 */
	default void connectionClosed() {
	}

	/**
	 * A limit was reached: a connection or a request ends.
	 * @param limit which
	 */
	default void limited(EdgeLimit limit) {
	}

	/**
	 * The gateway itself refused a request.
	 * @param status of the answer; it may not have left if the client went away
	 */
	default void requestRefused(int status) {
	}

	/**
	 * A request of the public port has ended, whoever answered it.
	 * @param request what became of it
	 */
	default void requestEnded(EndedRequest request) {
	}

	/**
	 * Somebody listens to what becomes of keys, and of an upload it is not known, or not
	 * of all its keys.
	 * @param why not
	 */
	default void uploadUnread(Unread why) {
	}

	/** Why a connection was refused. */
	enum Reason {

		/** A peer that is no trusted proxy sent a PROXY protocol header. */
		PROXY_HEADER_UNTRUSTED,
		/** The header is required and did not come, not in time or not at all. */
		PROXY_HEADER_MISSING,
		/** A trusted proxy sent a header that cannot be read. */
		PROXY_HEADER_MALFORMED,
		/** The TLS handshake failed or took too long. */
		TLS_HANDSHAKE,
		/** Too many TLS handshakes wait for a processor. */
		TLS_BUSY;

		/**
		 * For metrics and logs.
		 * @return lower case with hyphens
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

}
