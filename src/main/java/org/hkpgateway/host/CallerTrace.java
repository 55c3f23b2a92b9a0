package org.hkpgateway.host;

import java.util.regex.Pattern;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.hkpgateway.plugin.HostTracing;
import org.jspecify.annotations.Nullable;

/**
 * The trace for which a plugin calls, by the metadata {@code traceparent}: what a plugin
 * was told with the request that it works for. It is the plugin's word, so it is shown to
 * plugins only. With traces on the call has a span in it; whoever says nothing has none.
 * Comes after the checks of token and grant.
 */
final class CallerTrace implements ServerInterceptor {

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	/** W3C Trace Context, version 00; ids of zeros are invalid. */
	private static final Pattern SYNTAX = Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

	private static final Context.Key<String> KEY = Context.keyWithDefault("hkp-caller-trace", "");

	private final @Nullable HostTracing tracing;

	/**
	 * Makes it.
	 * @param tracing makes spans; null where traces are off
	 */
	CallerTrace(@Nullable HostTracing tracing) {
		this.tracing = tracing;
	}

	/**
	 * The trace of the current call.
	 * @return as W3C Trace Context writes it; empty for none
	 */
	static String current() {
		return KEY.get();
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		String traceparent = headers.get(TRACEPARENT);
		if (traceparent == null || !SYNTAX.matcher(traceparent).matches()) {
			return next.startCall(call, headers);
		}
		if (this.tracing == null) {
			return Contexts.interceptCall(of(traceparent), call, headers, next);
		}
		HostTracing.HostSpan span = this.tracing.called(CallerIdentity.current().plugin().id(),
				String.valueOf(call.getMethodDescriptor().getBareMethodName()), traceparent);
		try {
			return new TracedListener<>(
					Contexts.interceptCall(of(span.traceparent()), new TracedCall<>(call, span), headers, next), span);
		}
		catch (RuntimeException ex) {
			span.end(Status.Code.UNKNOWN.name());
			throw ex;
		}
	}

	private static Context of(String traceparent) {
		return Context.current().withValue(KEY, traceparent);
	}

	/** Ends the span with the answer. */
	private static final class TracedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {

		private final HostTracing.HostSpan span;

		TracedCall(ServerCall<Q, A> call, HostTracing.HostSpan span) {
			super(call);
			this.span = span;
		}

		@Override
		public void close(Status status, Metadata trailers) {
			this.span.end(status.getCode().name());
			super.close(status, trailers);
		}

	}

	/** Ends the span of a call that the plugin gives up, or that has failed. */
	private static final class TracedListener<Q> extends SimpleForwardingServerCallListener<Q> {

		private final HostTracing.HostSpan span;

		TracedListener(ServerCall.Listener<Q> listener, HostTracing.HostSpan span) {
			super(listener);
			this.span = span;
		}

		@Override
		public void onCancel() {
			this.span.end(Status.Code.CANCELLED.name());
			super.onCancel();
		}

	}

}
