package org.hkpgateway.host;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Lets calls pass to methods that are served and that the plugin was granted. Comes after
 * the {@link TokenCheck}.
 */
final class GrantCheck implements ServerInterceptor {

	private final PluginSpec plugin;

	private final Refusals refusals;

	GrantCheck(PluginSpec plugin, Refusals refusals) {
		this.plugin = plugin;
		this.refusals = refusals;
	}

	@Override
	public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
			ServerCallHandler<Q, A> next) {
		HostMethod method = HostMethod.of(call.getMethodDescriptor());
		Capability grant = (method != null) ? method.grant() : null;
		if (grant != null && !this.plugin.granted().contains(grant)) {
			return this.refusals.refuse(call, HostRefusal.NOT_GRANTED,
					Status.PERMISSION_DENIED.withDescription(missing(grant)));
		}
		String notServed = (method != null) ? method.notServed() : "not a method of the host service";
		if (notServed != null) {
			return this.refusals.refuse(call, HostRefusal.NOT_SERVED, Status.UNIMPLEMENTED.withDescription(notServed));
		}
		return next.startCall(call, headers);
	}

	private String missing(Capability grant) {
		String name = this.plugin.id().name();
		String remedy;
		if (this.plugin.source() instanceof PluginSource.Remote) {
			remedy = "the operator grants it in hkp.plugins.remote." + name + ".grants";
		}
		else {
			remedy = this.plugin.requested().contains(grant)
					? "the manifest requests it; the operator grants it in hkp.plugins.settings." + name + ".grants"
					: "the manifest of " + name + " has to request it, and the operator to grant it";
		}
		return "expected: the grant " + grant.label() + ", got: a plugin without it; " + remedy;
	}

}
