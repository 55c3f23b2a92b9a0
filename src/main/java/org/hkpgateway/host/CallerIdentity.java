package org.hkpgateway.host;

import io.grpc.Context;
import io.grpc.Status;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Who calls: the plugin whose process holds the token. In the gRPC context of every call
 * that reaches a service.
 *
 * @param plugin as it was launched, with its grants
 */
record CallerIdentity(PluginSpec plugin) {

	private static final Context.Key<CallerIdentity> KEY = Context.key("hkp-caller");

	/**
	 * The caller of the current call.
	 * @return who calls
	 * @throws io.grpc.StatusRuntimeException UNAUTHENTICATED if nobody has checked
	 */
	static CallerIdentity current() {
		CallerIdentity current = KEY.get();
		if (current == null) {
			throw Status.UNAUTHENTICATED.withDescription("expected: a call whose token was checked, got: another")
				.asRuntimeException();
		}
		return current;
	}

	Context inContext() {
		return Context.current().withValue(KEY, this);
	}

}
