package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.grpc.Deadline;
import org.hkpgateway.plugin.CallTrace;
import reactor.util.context.ContextView;

/**
 * What a call is made under, besides what is shown.
 *
 * @param deadline when it ends
 * @param traceparent the trace that it belongs to; empty for none
 */
record CallTerms(Deadline deadline, String traceparent) {

	/**
	 * The terms of a call that begins now.
	 * @param budget the longest to wait
	 * @param context of whoever waits
	 */
	static CallTerms of(Duration budget, ContextView context) {
		return new CallTerms(Deadline.after(budget.toNanos(), TimeUnit.NANOSECONDS), CallTrace.traceparent(context));
	}

	/** Milliseconds left; 0 or less when it is over. */
	long millisLeft() {
		return this.deadline.timeRemaining(TimeUnit.MILLISECONDS);
	}

}
