package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Publishes what has become of each request, forwarded, answered or refused:
 * {@value #COMPLETED}, and before it {@value #BLOCKED} if a plugin answered it or failed
 * closed. Members of their data are named as in the access log; what is not there is no
 * member. {@code operation}, {@code decision}, {@code status} and {@code plugin} are
 * metadata too.
 * <p>
 * The target is not among the data, though it is in the access log: a search term is a
 * name, an address or a key that somebody looks for. The log is the operator's own; an
 * event goes to whoever may subscribe, a plugin perhaps that was never granted to see
 * requests, or one that runs elsewhere. Who may see targets is asked about requests.
 * Neither are reasons and failure messages, which may quote it. Of the client's address
 * there is as much as the log may show.
 * <p>
 * Called on event loops: does not block, and makes nothing if nobody listens.
 */
final class ExchangeEvents {

	/** The type of the event of each request. */
	static final String COMPLETED = "request.completed";

	/** The type of the event of a request that a plugin has ended. */
	static final String BLOCKED = "request.blocked";

	/** Characters of all annotations of an event; more are left out, and counted. */
	static final int MAX_ANNOTATION_CHARS = 4096;

	/** Of an unknown method, which may be as long as a request head. */
	private static final int MAX_METHOD_CHARS = 32;

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus;

	private final ClientAddressSettings.Log addresses;

	/**
	 * Makes the publisher.
	 * @param bus where the events go
	 * @param addresses how much of addresses is shown
	 */
	ExchangeEvents(EventBus bus, ClientAddressSettings.Log addresses) {
		this.bus = bus;
		this.addresses = addresses;
	}

	/**
	 * Publishes the events of an exchange.
	 * @param exchange which has ended
	 */
	void publish(Exchange exchange) {
		if (this.bus.isQuiet()) {
			return;
		}
		PluginOutcome decider = AccessLog.decider(exchange.trace());
		String plugin = (decider != null) ? decider.plugin().toString() : "";
		boolean blocked = !plugin.isEmpty() && this.bus.isWanted(BLOCKED);
		boolean completed = this.bus.isWanted(COMPLETED);
		if (blocked || completed) {
			Map<String, String> metadata = metadata(exchange, plugin);
			Supplier<String> data = () -> data(exchange, plugin);
			if (blocked) {
				this.bus.publish(BLOCKED, "gateway", metadata, data);
			}
			if (completed) {
				this.bus.publish(COMPLETED, "gateway", metadata, data);
			}
		}
	}

	private static Map<String, String> metadata(Exchange exchange, String plugin) {
		Map<String, String> metadata = new HashMap<>();
		metadata.put("decision", exchange.decision());
		HkpRequest hkp = exchange.hkp();
		if (hkp != null) {
			metadata.put("operation", hkp.operation().name());
		}
		if (exchange.isHeadSent()) {
			metadata.put("status", Integer.toString(exchange.response().status().code()));
		}
		if (!plugin.isEmpty()) {
			metadata.put("plugin", plugin);
		}
		return metadata;
	}

	private String data(Exchange exchange, String plugin) {
		ClientAddress client = exchange.client();
		InetAddress address = (client != null) ? client.client().getAddress() : null;
		HkpRequest hkp = exchange.hkp();
		long elapsed = exchange.elapsedNanos();
		ObjectNode data = json.createObjectNode()
			.put("request", exchange.id())
			.put("time", Instant.now().minusNanos(elapsed).toString());
		text(data, "client", (address != null) ? this.addresses.show(address) : "");
		text(data, "protocol", exchange.protocol());
		if (client != null) {
			data.put("tls", client.tls());
		}
		String method = exchange.method();
		text(data, "method", method.substring(0, Math.min(method.length(), MAX_METHOD_CHARS)));
		text(data, "operation", (hkp != null) ? hkp.operation().name() : "");
		data.put("decision", exchange.decision());
		text(data, "plugin", plugin);
		if (exchange.isHeadSent()) {
			data.put("status", exchange.response().status().code());
		}
		data.put("ending", exchange.ending().label());
		ArrayNode plugins = data.putArray("plugins");
		exchange.trace().outcomes().forEach((outcome) -> add(plugins, outcome));
		text(data, "upstream", exchange.upstream());
		data.put("in", exchange.received()).put("out", exchange.sent()).put("ms", millis(elapsed));
		annotations(data, exchange.trace(), address);
		return data.toString();
	}

	private static void add(ArrayNode plugins, PluginOutcome outcome) {
		ObjectNode plugin = plugins.addObject()
			.put("plugin", outcome.plugin().toString())
			.put("phase", outcome.kind().phase().label())
			.put("outcome", outcome.kind().label());
		text(plugin, "failure", outcome.failure());
		if (outcome.kind() != PluginOutcome.Kind.SKIPPED) {
			plugin.put("ms", millis(outcome.nanos()));
		}
	}

	/** In the order of their names, as far as there is room. */
	private void annotations(ObjectNode data, ChainTrace trace, @Nullable InetAddress address) {
		if (trace.annotations().isEmpty()) {
			return;
		}
		UnaryOperator<String> hidden = this.addresses.hiding(address);
		ObjectNode annotations = data.putObject("annotations");
		int room = MAX_ANNOTATION_CHARS;
		int leftOut = 0;
		for (Map.Entry<String, String> annotation : new TreeMap<>(trace.annotations()).entrySet()) {
			String value = hidden.apply(annotation.getValue());
			int chars = annotation.getKey().length() + value.length();
			if (chars > room) {
				leftOut++;
				continue;
			}
			room -= chars;
			annotations.put(annotation.getKey(), value);
		}
		if (leftOut > 0) {
			data.put("annotations_left_out", leftOut);
		}
	}

	private static void text(ObjectNode data, String name, String value) {
		if (!value.isEmpty()) {
			data.put(name, value);
		}
	}

	private static double millis(long nanos) {
		return Millis.tenths(nanos) / 10.0;
	}

}
