package org.hkpgateway.host;

import java.util.Set;
import java.util.function.Consumer;

import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSpec;

/**
 * The way back of a remote plugin while the gateway is connected to it: who calls, and
 * what it was granted. Thread-safe.
 */
final class RemoteSession implements AutoCloseable {

	private final CallerIdentity caller;

	private final GrantCheck grants;

	private final Consumer<RemoteSession> onClose;

	/**
	 * Opens it.
	 * @param spec the plugin
	 * @param refusals counts what it is refused
	 * @param onClose run when it is closed, each time
	 */
	RemoteSession(PluginSpec spec, Refusals refusals, Consumer<RemoteSession> onClose) {
		this.caller = new CallerIdentity(spec);
		this.grants = new GrantCheck(spec, refusals);
		this.onClose = onClose;
	}

	Set<Capability> grants() {
		return this.caller.plugin().granted();
	}

	/** Lets a call pass if the method is granted, and says whose it is. */
	<Q, A> ServerCall.Listener<Q> pass(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
		return Contexts.interceptCall(this.caller.inContext(), call, headers,
				(passed, metadata) -> this.grants.interceptCall(passed, metadata, next));
	}

	/** Does not block. Nothing if called again. */
	@Override
	public void close() {
		this.onClose.accept(this);
	}

}
