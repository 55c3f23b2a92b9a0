package org.hkpgateway.host;

import java.net.SocketAddress;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

import org.jspecify.annotations.Nullable;

/**
 * Lets calls pass that carry the token of a remote plugin, as long as the gateway is
 * connected to it. What a process on this machine shows to its own socket is as wrong
 * here as what somebody has made up, and all of it gets the same answer.
 */
final class RemoteTokenCheck implements ServerInterceptor {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final String EXPECTED = "expected: metadata \"authorization: Bearer <token>\" with the host-token "
			+ "of a remote plugin that the gateway is connected to, got: ";

	private final RemoteCallers callers;

	private final RemoteConnections connections;

	private final Refusals refusals;

	/**
	 * Makes the check.
	 * @param callers who may call
	 * @param connections where calls come from
	 * @param refusals counts those of others
	 */
	RemoteTokenCheck(RemoteCallers callers, RemoteConnections connections, Refusals refusals) {
		this.callers = callers;
		this.connections = connections;
		this.refusals = refusals;
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		SocketAddress peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
		RemoteLink link = this.connections.between(call.getAttributes().get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR), peer);
		String authorization = headers.get(AUTHORIZATION);
		RemoteSession session = (link != null) ? this.callers.admit(authorization, link) : null;
		if (link == null || session == null) {
			return this.refusals.refuse(call, HostRefusal.UNAUTHENTICATED,
					Status.UNAUTHENTICATED.withDescription(EXPECTED + describe(authorization)), "from " + peer);
		}
		link.known();
		return session.pass(call, headers, next);
	}

	/** Never the token itself: it may be right elsewhere, or a moment later. */
	private static String describe(@Nullable String authorization) {
		if (authorization == null) {
			return "no authorization";
		}
		return authorization.regionMatches(true, 0, "Bearer ", 0, 7) ? "another token" : "another scheme than Bearer";
	}

}
