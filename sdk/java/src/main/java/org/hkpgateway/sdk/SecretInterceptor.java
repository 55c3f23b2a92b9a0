package org.hkpgateway.sdk;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

import org.jspecify.annotations.Nullable;

/**
 * Refuses every call that does not carry the secret, before anything of it is read.
 */
final class SecretInterceptor implements ServerInterceptor {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private final Secret secret;

	SecretInterceptor(Secret secret) {
		this.secret = secret;
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		@Nullable String authorization = headers.get(AUTHORIZATION);
		if (this.secret.isIn(authorization)) {
			return next.startCall(call, headers);
		}
		call.close(
				Status.UNAUTHENTICATED.withDescription("expected: authorization: Bearer and PLUGIN_AUTH_SECRET, got: "
						+ ((authorization != null) ? "another value" : "none")),
				new Metadata());
		return new ServerCall.Listener<>() {
		};
	}

}
