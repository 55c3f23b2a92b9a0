package org.hkpgateway.sdk;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * The trace of a call whose message has no place for it: queries for keys bring it as
 * metadata.
 */
final class IncomingTrace implements ServerInterceptor {

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final Context.Key<String> KEY = Context.keyWithDefault("traceparent", "");

	/**
	 * The trace of the call that this thread is about to answer.
	 * @return as W3C Trace Context writes it; empty for none
	 */
	static String current() {
		return KEY.get();
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		String traceparent = headers.get(TRACEPARENT);
		return (traceparent != null)
				? Contexts.interceptCall(Context.current().withValue(KEY, traceparent), call, headers, next)
				: next.startCall(call, headers);
	}

}
