package org.hkpgateway.proxy;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import org.hkpgateway.http.FieldNames;

/**
 * The fields of W3C Trace Context.
 */
final class TraceContext {

	static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");

	static final AsciiString TRACESTATE = AsciiString.cached("tracestate");

	private static final FieldNames NAMES = FieldNames.of("traceparent", "tracestate");

	private TraceContext() {
	}

	/** Whether a field is one of them. */
	static boolean isField(String name) {
		return NAMES.couldContain(name);
	}

	/**
	 * Puts those of a span in the place of whatever is there, a plugin's
	 * {@code tracestate} perhaps.
	 */
	static void set(RequestTracing.KeyserverSpan span, HttpHeaders to) {
		to.remove(TRACEPARENT).remove(TRACESTATE);
		if (!span.traceparent().isEmpty()) {
			to.set(TRACEPARENT, span.traceparent());
			if (!span.tracestate().isEmpty()) {
				to.set(TRACESTATE, span.tracestate());
			}
		}
	}

}
