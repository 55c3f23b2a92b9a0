package org.hkpgateway.actuate;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.Reply;
import org.hkpgateway.plugin.CallTrace;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.proxy.RequestTracing;
import org.hkpgateway.proxy.TracedRequest;
import reactor.core.publisher.Mono;

/**
 * The span of one request, and those below it. What a span says of a plugin is how the
 * call ended; a decision that the chain could not carry out after all shows in the
 * {@code hkp.plugins} of the request's span.
 */
final class TracedSpan implements RequestTracing.RequestSpan {

	private final Tracer tracer;

	private final Span span;

	private final Context context;

	private final TracedRequest request;

	TracedSpan(Tracer tracer, Span span, TracedRequest request) {
		this.tracer = tracer;
		this.span = span;
		this.context = Context.root().with(span);
		this.request = request;
	}

	@Override
	public Mono<Reply<Decision>> asking(PluginSpec plugin, Mono<Reply<Decision>> call) {
		return Mono.defer(() -> {
			Span asked = start(plugin, Phase.REQUEST);
			return CallTrace.with(RequestTraces.traceparent(asked), call)
				.doOnNext((reply) -> replied(asked, plugin, reply))
				.doFinally((signal) -> asked.end());
		});
	}

	private static void replied(Span asked, PluginSpec plugin, Reply<Decision> reply) {
		if (reply instanceof Reply.Failed<Decision> failed) {
			boolean shadow = plugin.mode() == PluginMode.SHADOW;
			failed(asked, failed.failure(),
					shadow ? PluginOutcome.Kind.SHADOW : PluginOutcome.Kind.of(failed.failure(), plugin.fail()));
		}
		else if (reply instanceof Reply.Decided<Decision> decided) {
			outcome(asked, (decided.decision() instanceof Decision.Respond) ? PluginOutcome.Kind.RESPONDED
					: PluginOutcome.Kind.CONTINUED);
		}
	}

	@Override
	public Mono<ResponseDecision> showing(PluginSpec plugin, Mono<ResponseDecision> call) {
		return Mono.defer(() -> {
			Span shown = start(plugin, Phase.RESPONSE);
			return CallTrace.with(RequestTraces.traceparent(shown), call)
				.doOnNext((decision) -> outcome(shown, PluginOutcome.Kind.REVIEWED))
				.doOnError(PluginFailure.class, (failure) -> failed(shown, failure, PluginOutcome.Kind.REVIEW_FAILED))
				.doFinally((signal) -> shown.end());
		});
	}

	private Span start(PluginSpec plugin, Phase phase) {
		SpanBuilder builder = this.tracer.spanBuilder("plugin " + plugin.id().name())
			.setParent(this.context)
			.setSpanKind(SpanKind.CLIENT)
			.setAttribute("hkp.plugin", plugin.id().name())
			.setAttribute("hkp.plugin.phase", phase.label());
		if (plugin.mode() == PluginMode.SHADOW) {
			builder.setAttribute("hkp.plugin.shadow", true);
		}
		return builder.startSpan();
	}

	private static void outcome(Span span, PluginOutcome.Kind kind) {
		span.setAttribute("hkp.plugin.outcome", kind.label());
	}

	/** Without the message, which may quote the request. */
	private static void failed(Span span, PluginFailure failure, PluginOutcome.Kind kind) {
		outcome(span, kind);
		span.setAttribute("error.type", failure.kind()).setStatus(StatusCode.ERROR);
	}

	@Override
	public RequestTracing.KeyserverSpan asking(String method, String host, int port, int attempt) {
		SpanBuilder builder = AskedKeyserver.builder(this.tracer, this.context, method, host, port);
		if (attempt > 0) {
			builder.setAttribute("http.request.resend_count", (long) attempt);
		}
		return new AskedKeyserver(builder.startSpan());
	}

	@Override
	public void end() {
		if (this.span.isRecording()) {
			describe();
		}
		this.span.end();
	}

	private void describe() {
		TracedRequest request = this.request;
		text("http.request.method", request.method());
		text("url.path", request.path());
		text("url.scheme", request.scheme());
		text("network.protocol.version", request.version());
		text("client.address", request.client());
		text("hkp.request", request.id());
		text("hkp.operation", request.operation());
		text("hkp.decision", request.decision());
		text("hkp.plugin", request.plugin());
		text("hkp.ending", request.ending());
		this.span.setAttribute("http.request.body.size", request.received())
			.setAttribute("http.response.body.size", request.sent());
		if (!request.outcomes().isEmpty()) {
			this.span.setAttribute(AttributeKey.stringArrayKey("hkp.plugins"),
					request.outcomes()
						.stream()
						.map((outcome) -> outcome.plugin() + ":" + outcome.kind().label())
						.toList());
		}
		int status = request.status();
		if (status >= 0) {
			this.span.setAttribute("http.response.status_code", (long) status);
		}
		if (status >= 500 || request.ending().equals("cut-short")) {
			this.span.setStatus(StatusCode.ERROR);
			text("error.type", (status >= 500) ? Integer.toString(status) : request.ending());
		}
	}

	private void text(String name, String value) {
		if (!value.isEmpty()) {
			this.span.setAttribute(name, value);
		}
	}

}
