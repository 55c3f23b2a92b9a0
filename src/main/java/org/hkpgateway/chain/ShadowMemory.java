package org.hkpgateway.chain;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * How much may be kept for plugins in shadow mode, all requests together: apart from what
 * requests themselves may take, so that none of them finds less because of a shadow.
 * Thread-safe, never blocks.
 */
final class ShadowMemory {

	/** Of bodies, unless the heap is small. */
	private static final long MOST_BYTES = 64L * 1024 * 1024;

	private static final int SHARE_OF_HEAP = 8;

	/** Each keeps the head of a request. */
	private static final int MOST_OPEN = 4096;

	private final long mostBytes;

	private final int mostOpen;

	private final AtomicLong bytes = new AtomicLong();

	private final AtomicInteger open = new AtomicInteger();

	/**
	 * Bounds for tests.
	 * @param mostBytes of bodies
	 * @param mostOpen comparisons that are not made yet
	 */
	ShadowMemory(long mostBytes, int mostOpen) {
		this.mostBytes = mostBytes;
		this.mostOpen = mostOpen;
	}

	/**
	 * The bounds for a heap.
	 * @param maxHeap its size in bytes
	 * @return 64 MB of bodies, but no more than an eighth of the heap
	 */
	static ShadowMemory of(long maxHeap) {
		return new ShadowMemory(Math.min(MOST_BYTES, maxHeap / SHARE_OF_HEAP), MOST_OPEN);
	}

	/**
	 * Begins a comparison.
	 * @return to be closed; null if too many are open
	 */
	@Nullable Lease open() {
		if (this.open.incrementAndGet() <= this.mostOpen) {
			return new Lease();
		}
		this.open.decrementAndGet();
		return null;
	}

	long mostBytes() {
		return this.mostBytes;
	}

	int mostOpen() {
		return this.mostOpen;
	}

	/** How many bytes of bodies are kept. */
	long used() {
		return this.bytes.get();
	}

	/** How many comparisons are not made yet. */
	int opened() {
		return this.open.get();
	}

	/** What one comparison keeps. */
	final class Lease {

		private long taken;

		private boolean closed;

		private Lease() {
		}

		/**
		 * Takes bytes if there are as many.
		 * @param more how many, 0 or more
		 * @return false if there are not, or all were given back
		 */
		synchronized boolean take(long more) {
			if (this.closed) {
				return false;
			}
			if (ShadowMemory.this.bytes.addAndGet(more) > ShadowMemory.this.mostBytes) {
				ShadowMemory.this.bytes.addAndGet(-more);
				return false;
			}
			this.taken += more;
			return true;
		}

		/** Gives the bytes back: the plugin has answered. */
		synchronized void giveBack() {
			ShadowMemory.this.bytes.addAndGet(-this.taken);
			this.taken = 0;
		}

		/** The comparison was made, or never will be. */
		synchronized void close() {
			if (!this.closed) {
				this.closed = true;
				giveBack();
				ShadowMemory.this.open.decrementAndGet();
			}
		}

	}

}
