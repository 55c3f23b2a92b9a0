package org.hkpgateway.proxy;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of request bodies may be held in memory, all requests together.
 * Thread-safe, never blocks.
 */
final class BufferBudget {

	private final long limit;

	private final AtomicLong used = new AtomicLong();

	BufferBudget(long limit) {
		this.limit = limit;
	}

	/**
	 * Takes bytes if there are as many.
	 * @param bytes how many, 0 or more
	 * @return whether they were taken; then they must be given back
	 */
	boolean take(long bytes) {
		if (this.used.addAndGet(bytes) <= this.limit) {
			return true;
		}
		this.used.addAndGet(-bytes);
		return false;
	}

	void giveBack(long bytes) {
		this.used.addAndGet(-bytes);
	}

	long used() {
		return this.used.get();
	}

}
