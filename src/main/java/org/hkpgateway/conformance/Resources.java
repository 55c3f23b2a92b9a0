package org.hkpgateway.conformance;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be closed when the program ends in the middle of a check. Thread-safe.
 */
final class Resources implements AutoCloseable {

	private final Deque<AutoCloseable> open = new ArrayDeque<>();

	private boolean closed;

	/** Closes it at once if it is too late. */
	synchronized <T extends AutoCloseable> T add(T resource) {
		this.open.push(resource);
		if (this.closed) {
			close();
		}
		return resource;
	}

	/** Closes all of them, the latest first. Nothing when called again. */
	@Override
	public synchronized void close() {
		this.closed = true;
		while (!this.open.isEmpty()) {
			closeQuietly(this.open.pop());
		}
	}

	private static void closeQuietly(AutoCloseable resource) {
		try {
			resource.close();
		}
		catch (Exception ex) {
			// The others have to be closed all the same.
		}
	}

}
