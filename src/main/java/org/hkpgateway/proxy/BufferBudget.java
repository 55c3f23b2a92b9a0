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
		// Not added first and taken back: meanwhile others would find too little.
		long before = this.used.get();
		while (bytes <= this.limit - before) {
			if (this.used.compareAndSet(before, before + bytes)) {
				return true;
			}
			before = this.used.get();
		}
		return false;
	}

	/** More than this nobody gets, however idle the gateway is. */
	long limit() {
		return this.limit;
	}

	void giveBack(long bytes) {
		this.used.addAndGet(-bytes);
	}

	long used() {
		return this.used.get();
	}

}
