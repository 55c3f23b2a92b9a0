package org.hkpgateway.actuate;

import java.util.StringJoiner;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import org.hkpgateway.proxy.RequestTracing;

/**
 * The span of one attempt at a keyserver.
 */
record AskedKeyserver(Span span) implements RequestTracing.KeyserverSpan {

	@Override
	public String traceparent() {
		return RequestTraces.traceparent(this.span);
	}

	@Override
	public String tracestate() {
		StringJoiner state = new StringJoiner(",");
		this.span.getSpanContext().getTraceState().forEach((key, value) -> state.add(key + "=" + value));
		return state.toString();
	}

	@Override
	public void answered(int status) {
		this.span.setAttribute("http.response.status_code", (long) status);
		if (status >= 400) {
			this.span.setStatus(StatusCode.ERROR).setAttribute("error.type", Integer.toString(status));
		}
	}

	@Override
	public void end(String failure) {
		if (!failure.isEmpty()) {
			this.span.setStatus(StatusCode.ERROR).setAttribute("error.type", failure);
		}
		this.span.end();
	}

}
