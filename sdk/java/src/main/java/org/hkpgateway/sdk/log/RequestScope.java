package org.hkpgateway.sdk.log;

import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;

/**
 * The request for which a thread works. Inside it, log lines carry {@code request_id} and
 * {@code trace_id}, and calls of the gateway carry the trace. The SDK opens it around
 * each call of the author's handler, and again around what depends on an answer of the
 * gateway; an author who goes on in another thread takes it along:
 *
 * <pre>
 * Runnable later = RequestScope.carry(() -&gt; log.info("done"));
 * </pre>
 *
 * @param requestId the gateway's id of the request
 * @param traceparent W3C Trace Context; empty when it is not traced
 */
public record RequestScope(String requestId, String traceparent) {

	/** Work for no request. */
	public static final RequestScope NONE = new RequestScope("", "");

	private static final ThreadLocal<@Nullable RequestScope> CURRENT = new ThreadLocal<>();

	/**
	 * The request for which this thread works now.
	 * @return {@link #NONE} if for none
	 */
	public static RequestScope current() {
		RequestScope scope = CURRENT.get();
		return (scope != null) ? scope : NONE;
	}

	/**
	 * Takes the request at hand along to another thread.
	 * @param task what is to be done there
	 * @return the task inside this thread's request
	 */
	public static Runnable carry(Runnable task) {
		RequestScope scope = current();
		return () -> scope.run(task);
	}

	/**
	 * The trace that the request belongs to.
	 * @return 32 hex digits; empty when it is not traced
	 */
	public String traceId() {
		return TraceParent.traceId(this.traceparent);
	}

	/**
	 * Does something for this request, on this thread, which then works for what it did
	 * before.
	 * @param task what is to be done; what it throws is thrown
	 */
	public void run(Runnable task) {
		RequestScope before = CURRENT.get();
		CURRENT.set(this);
		try {
			task.run();
		}
		finally {
			set(before);
		}
	}

	/**
	 * As {@link #run}, for what has a result.
	 * @param task what is to be done
	 * @return its result
	 * @throws Exception what it throws
	 */
	public <T> T call(Callable<T> task) throws Exception {
		RequestScope before = CURRENT.get();
		CURRENT.set(this);
		try {
			return task.call();
		}
		finally {
			set(before);
		}
	}

	private static void set(@Nullable RequestScope scope) {
		if (scope != null) {
			CURRENT.set(scope);
		}
		else {
			CURRENT.remove();
		}
	}

}
