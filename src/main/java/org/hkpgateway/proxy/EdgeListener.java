package org.hkpgateway.proxy;

/**
 * Told what the edge does before and instead of serving a request. Called on the event
 * loops of connections: must be thread-safe, must not block and must not throw.
 */
public interface EdgeListener {

	/** Nobody listens. */
	EdgeListener NONE = new EdgeListener() {
	};

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
	 * @param status the answer's status; it may not have left if another was under way
	 */
	default void refused(int status) {
	}

}
