package org.hkpgateway.proxy;

import org.hkpgateway.chain.CallSpans;

/**
 * Makes spans of requests. There is none where traces are off, and then nobody looks.
 * Called on event loops: must not block.
 */
public interface RequestTracing {

	/**
	 * A request is traced from here on, though it may have come earlier.
	 * @param request what is known of it
	 * @return its span, to be ended
	 */
	RequestSpan start(TracedRequest request);

	/** The span of one request; what plugins are asked are spans below it. */
	interface RequestSpan extends CallSpans {

		/**
		 * A keyserver is about to be asked.
		 * @param method as it is sent
		 * @param host of the keyserver
		 * @param port of it
		 * @param attempt 0 for the first, else how often others were made before
		 * @return the span of that, to be ended
		 */
		KeyserverSpan asking(String method, String host, int port, int attempt);

		/** The request has ended; what is known of it now is all there is. */
		void end();

	}

	/** The span of one attempt at a keyserver. */
	interface KeyserverSpan {

		/**
		 * What the keyserver is told, as W3C Trace Context writes it.
		 * @return {@code traceparent}; empty for none
		 */
		String traceparent();

		/**
		 * What it is told besides.
		 * @return {@code tracestate}; empty for none
		 */
		String tracestate();

		/**
		 * The head of its answer has come.
		 * @param status of it
		 */
		void answered(int status);

		/**
		 * The attempt is over. Only the first call counts.
		 * @param failure a word for how it failed; empty if it did not
		 */
		void end(String failure);

	}

}
