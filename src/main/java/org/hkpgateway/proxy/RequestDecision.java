package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.time.Instant;

import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.log.BoundedText;
import org.jspecify.annotations.Nullable;

/**
 * How a plugin has ended a request, for the operator. The target is not said: what
 * somebody searches for is in the access log, for those who may read that, under the same
 * {@code request}.
 *
 * @param at when the exchange ended
 * @param request the gateway's request id
 * @param client as much of the address as the log may show; may be empty
 * @param method as the client sent it, at most {@value #MOST_METHOD_BYTES} bytes
 * @param operation what HKP calls it; empty if it was not understood
 * @param plugin who
 * @param outcome {@code respond} or {@code failed-closed}
 * @param status what the client got; 0 if nothing
 * @param reason the plugin's, or how it failed, as far as the log may show it; may be
 * empty
 */
public record RequestDecision(Instant at, String request, String client, String method, String operation, String plugin,
		String outcome, int status, String reason) {

	private static final int MOST_METHOD_BYTES = 32;

	private static final int MOST_REASON_BYTES = 300;

	static @Nullable RequestDecision of(Exchange exchange, ClientAddressSettings.Log addresses) {
		PluginOutcome decider = AccessLog.decider(exchange.trace());
		if (decider == null) {
			return null;
		}
		ClientAddress client = exchange.client();
		InetAddress address = (client != null) ? client.client().getAddress() : null;
		HkpRequest hkp = exchange.hkp();
		return new RequestDecision(Instant.now(), exchange.id(), (address != null) ? addresses.show(address) : "",
				BoundedText.oneLine(exchange.method(), MOST_METHOD_BYTES), (hkp != null) ? hkp.operation().name() : "",
				decider.plugin().name(), decider.kind().label(),
				exchange.isHeadSent() ? exchange.response().status().code() : 0,
				BoundedText.oneLine(addresses.hiding(address).apply(decider.detail()), MOST_REASON_BYTES));
	}

}
