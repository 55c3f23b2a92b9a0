package org.hkpgateway.sdk;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import org.hkpgateway.sdk.log.RequestScope;

/**
 * Says with each call of the gateway who asks, and for which traced request.
 *
 * @param authorization with the token
 */
record HostCaller(String authorization) implements ClientInterceptor {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	@Override
	public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
		String traceparent = RequestScope.current().traceparent();
		return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
			@Override
			public void start(Listener<A> listener, Metadata headers) {
				headers.put(AUTHORIZATION, HostCaller.this.authorization);
				if (!traceparent.isEmpty()) {
					headers.put(TRACEPARENT, traceparent);
				}
				super.start(listener, headers);
			}
		};
	}

	@Override
	public String toString() {
		// Not the token.
		return "HostCaller";
	}

}
