package org.hkpgateway.actuate;

import java.net.URI;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.storage.StorageTracing;

/**
 * Makes spans with OpenTelemetry of what plugins ask of the gateway: a server span for
 * each call within a trace, and below it a client span for each attempt at a keyserver.
 * What is asked for is not in them.
 */
public final class HostTraces implements HostTracing, StorageTracing {

	private static final int HTTP_PORT = 80;

	private final Tracer tracer;

	/**
	 * Makes it.
	 * @param tracer makes the spans
	 */
	public HostTraces(Tracer tracer) {
		this.tracer = tracer;
	}

	@Override
	public HostSpan called(PluginId plugin, String method, String traceparent) {
		return new Called(this.tracer.spanBuilder("host " + method)
			.setParent(RequestTraces.parent(traceparent, ""))
			.setSpanKind(SpanKind.SERVER)
			.setAttribute("hkp.plugin", plugin.name())
			.setAttribute("rpc.system", "grpc")
			.setAttribute("rpc.method", method)
			.startSpan());
	}

	@Override
	public StorageTracing.KeyserverSpan asking(String traceparent, URI keyserver) {
		int port = (keyserver.getPort() >= 0) ? keyserver.getPort() : HTTP_PORT;
		return new AskedKeyserver(AskedKeyserver
			.builder(this.tracer, RequestTraces.parent(traceparent, ""), "GET", keyserver.getHost(), port)
			.startSpan());
	}

	/** A call of a plugin. */
	private record Called(Span span) implements HostSpan {

		@Override
		public String traceparent() {
			return RequestTraces.traceparent(this.span);
		}

		/** A span that has ended takes no more. */
		@Override
		public void end(String status) {
			this.span.setAttribute("hkp.host.outcome", status);
			if (!status.equals("OK")) {
				this.span.setStatus(StatusCode.ERROR).setAttribute("error.type", status);
			}
			this.span.end();
		}

	}

}
