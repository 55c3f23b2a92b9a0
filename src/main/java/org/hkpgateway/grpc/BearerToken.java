package org.hkpgateway.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;

/**
 * Sends {@code authorization: Bearer …} with each call of a channel.
 */
final class BearerToken implements ClientInterceptor {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private final String value;

	BearerToken(String token) {
		this.value = "Bearer " + token;
	}

	@Override
	public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
		return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {

			@Override
			public void start(Listener<A> listener, Metadata headers) {
				headers.put(AUTHORIZATION, BearerToken.this.value);
				super.start(listener, headers);
			}

		};
	}

	@Override
	public String toString() {
		return "BearerToken[…]";
	}

}
