package org.hkpgateway.proxy;

import java.util.concurrent.atomic.LongAdder;

/**
 * What went wrong between the gateway and one keyserver since the start. Counts attempts,
 * not clients' requests: of one that is sent elsewhere in the end, the failed attempt
 * counts here. Clients' doing is not counted. Thread-safe.
 */
final class UpstreamFailures {

	private final LongAdder unsent = new LongAdder();

	private final LongAdder retried = new LongAdder();

	private final LongAdder unanswered = new LongAdder();

	private final LongAdder cut = new LongAdder();

	/** No connection could be had, so that the request was never sent. */
	void unsent() {
		this.unsent.increment();
	}

	/** The request, never sent, goes elsewhere, or over another connection. */
	void retried() {
		this.retried.increment();
	}

	/** It was sent, and no answer came. */
	void unanswered() {
		this.unanswered.increment();
	}

	/** The answer broke off. */
	void cut() {
		this.cut.increment();
	}

	/**
	 * The counts now.
	 * @return each at least as high as before
	 */
	UpstreamStatus.Failures counts() {
		return new UpstreamStatus.Failures(this.unsent.sum(), this.retried.sum(), this.unanswered.sum(),
				this.cut.sum());
	}

}
