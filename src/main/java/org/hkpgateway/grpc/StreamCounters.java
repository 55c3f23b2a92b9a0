package org.hkpgateway.grpc;

import java.util.concurrent.atomic.LongAdder;

/**
 * What happened on the streams of one connection, for metrics. Safe for any thread; the
 * numbers only grow.
 */
final class StreamCounters {

	private final LongAdder ignoredAnswers = new LongAdder();

	private final LongAdder brokenStreams = new LongAdder();

	private final LongAdder diverted = new LongAdder();

	void answerIgnored() {
		this.ignoredAnswers.increment();
	}

	void streamBroken() {
		this.brokenStreams.increment();
	}

	void diverted() {
		this.diverted.increment();
	}

	/**
	 * Answers to nobody: an unknown id, one answered before, or one that nobody waits for
	 * any longer.
	 * @return how many
	 */
	long ignoredAnswers() {
		return this.ignoredAnswers.sum();
	}

	/**
	 * Streams that ended though this side had not ended them.
	 * @return how many
	 */
	long brokenStreams() {
		return this.brokenStreams.sum();
	}

	/**
	 * Requests that went as unary calls because there was no stream or no room on it; not
	 * those with a large body.
	 * @return how many
	 */
	long divertedRequests() {
		return this.diverted.sum();
	}

}
