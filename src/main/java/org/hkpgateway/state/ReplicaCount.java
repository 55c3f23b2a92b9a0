package org.hkpgateway.state;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;

/**
 * How many gateways share the state: the most of the last three counts. Right after Redis
 * was started again some have not reported yet. Thread-safe.
 */
final class ReplicaCount {

	private static final int COUNTS = 3;

	private final Deque<Integer> counts = new ArrayDeque<>();

	synchronized void seen(int count) {
		if (this.counts.size() == COUNTS) {
			this.counts.removeFirst();
		}
		this.counts.addLast(count);
	}

	/** At least 1: this one. */
	synchronized int known() {
		return this.counts.isEmpty() ? 1 : Math.max(1, Collections.max(this.counts));
	}

}
