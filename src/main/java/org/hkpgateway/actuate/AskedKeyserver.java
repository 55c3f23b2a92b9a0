package org.hkpgateway.actuate;

import java.util.StringJoiner;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.hkpgateway.proxy.RequestTracing;
import org.hkpgateway.storage.StorageTracing;

/**
 * The span of one attempt at a keyserver.
 */
record AskedKeyserver(Span span) implements RequestTracing.KeyserverSpan, StorageTracing.KeyserverSpan {

	/**
	 * Begins it.
	 * @param tracer makes the span
	 * @param parent whose it is
	 * @param method as it is sent
	 * @param host of the keyserver
	 * @param port of it
	 * @return what its span is made from
	 */
	static SpanBuilder builder(Tracer tracer, Context parent, String method, String host, int port) {
		return tracer.spanBuilder(method)
			.setParent(parent)
			.setSpanKind(SpanKind.CLIENT)
			.setAttribute("http.request.method", method)
			.setAttribute("server.address", host)
			.setAttribute("server.port", (long) port);
	}

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
