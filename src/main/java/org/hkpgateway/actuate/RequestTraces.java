package org.hkpgateway.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import org.hkpgateway.proxy.RequestTracing;
import org.hkpgateway.proxy.TracedRequest;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of requests with OpenTelemetry: a server span for each request, and below
 * it a client span for each call of a plugin and each attempt at a keyserver. Attributes
 * are those of the semantic conventions for HTTP, and some named {@code hkp.*}. A span
 * belongs to its request, never to a thread. Does not block: spans go through a bounded
 * queue, which drops what is too much.
 */
public final class RequestTraces implements RequestTracing {

	private final Tracer tracer;

	/**
	 * Makes it.
	 * @param tracer makes the spans
	 */
	public RequestTraces(Tracer tracer) {
		this.tracer = tracer;
	}

	@Override
	public RequestSpan start(TracedRequest request) {
		String operation = request.operation();
		SpanBuilder builder = this.tracer.spanBuilder("hkp " + (operation.isEmpty() ? "OTHER" : operation))
			.setParent(parent(request.traceparent(), request.tracestate()))
			.setSpanKind(SpanKind.SERVER)
			.setStartTimestamp(nowNanos() - request.elapsedNanos(), TimeUnit.NANOSECONDS);
		return new TracedSpan(this.tracer, builder.startSpan(), request);
	}

	/**
	 * The span that others speak of.
	 * @param traceparent their word; what is not well-formed says nothing
	 * @param tracestate what goes with it; empty for nothing
	 * @return what a span below it has for its parent
	 */
	static Context parent(String traceparent, String tracestate) {
		if (traceparent.isEmpty()) {
			return Context.root();
		}
		Map<String, String> fields = Map.of("traceparent", traceparent, "tracestate", tracestate);
		return W3CTraceContextPropagator.getInstance().extract(Context.root(), fields, Fields.INSTANCE);
	}

	private static long nowNanos() {
		Instant now = Instant.now();
		return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
	}

	/**
	 * How W3C Trace Context writes a span.
	 * @param span the span
	 * @return empty for one that does not exist
	 */
	static String traceparent(Span span) {
		var context = span.getSpanContext();
		return context.isValid()
				? "00-" + context.getTraceId() + "-" + context.getSpanId() + "-" + context.getTraceFlags().asHex() : "";
	}

	private enum Fields implements TextMapGetter<Map<String, String>> {

		INSTANCE;

		@Override
		public Iterable<String> keys(Map<String, String> fields) {
			return List.copyOf(fields.keySet());
		}

		@Override
		public @Nullable String get(@Nullable Map<String, String> fields, String name) {
			return (fields != null) ? fields.get(name) : null;
		}

	}

}
