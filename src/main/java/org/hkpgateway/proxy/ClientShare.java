package org.hkpgateway.proxy;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one client has of the public port: its connections and its requests in flight.
 */
final class ClientShare {

	private final int mostRequests;

	private final AtomicInteger requests = new AtomicInteger();

	/** Read and written only while the table of clients is locked for this one. */
	private int connections;

	ClientShare(int mostRequests) {
		this.mostRequests = mostRequests;
	}

	boolean addConnection(int most) {
		if (this.connections == most) {
			return false;
		}
		this.connections++;
		return true;
	}

	/**
	 * Takes a connection away.
	 * @return whether there are others
	 */
	boolean removeConnection() {
		return --this.connections > 0;
	}

	/**
	 * Counts a request from now on. Thread-safe, allocates nothing.
	 * @return whether it is within the limit; else it was not counted
	 */
	boolean beginRequest() {
		return Connections.addOne(this.requests, this.mostRequests);
	}

	/** A request that was counted has ended. */
	void endRequest() {
		this.requests.decrementAndGet();
	}

}
