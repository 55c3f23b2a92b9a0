package org.hkpgateway.host;

import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Lets calls pass that carry the token of this very process, until it is revoked, and
 * says whose they are. Another plugin's token is as wrong here as a made-up one.
 */
final class TokenCheck implements ServerInterceptor {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final String EXPECTED = "expected: metadata \"authorization: Bearer <token>\" "
			+ "with this process's PLUGIN_HOST_TOKEN, got: ";

	private final Token token;

	private final CallerIdentity caller;

	private final Refusals refusals;

	private volatile boolean revoked;

	TokenCheck(PluginSpec plugin, Token token, Refusals refusals) {
		this.token = token;
		this.caller = new CallerIdentity(plugin);
		this.refusals = refusals;
	}

	/** From now on the token is as good as any other. */
	void revoke() {
		this.revoked = true;
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		String authorization = headers.get(AUTHORIZATION);
		if (this.token.isIn(authorization) && !this.revoked) {
			return Contexts.interceptCall(this.caller.inContext(), call, headers, next);
		}
		return this.refusals.refuse(call, HostRefusal.UNAUTHENTICATED,
				Status.UNAUTHENTICATED.withDescription(EXPECTED + describe(authorization)));
	}

	/** Never the token itself: it may be right elsewhere. */
	private String describe(@Nullable String authorization) {
		if (authorization == null) {
			return "no authorization";
		}
		if (!authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
			return "another scheme than Bearer";
		}
		return this.token.isIn(authorization) ? "the token of a process that has ended" : "another token";
	}

}
