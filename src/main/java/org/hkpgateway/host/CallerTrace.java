package org.hkpgateway.host;

import java.util.regex.Pattern;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * The trace for which a plugin calls, by the metadata {@code traceparent}: what a plugin
 * was told with the request that it works for. It is the plugin's word, so it is shown to
 * plugins only.
 */
final class CallerTrace implements ServerInterceptor {

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	/** W3C Trace Context, version 00. */
	private static final Pattern SYNTAX = Pattern.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

	private static final Context.Key<String> KEY = Context.keyWithDefault("hkp-caller-trace", "");

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
		return Contexts.interceptCall(Context.current().withValue(KEY, traceparent), call, headers, next);
	}

}
