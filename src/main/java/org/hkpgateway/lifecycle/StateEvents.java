package org.hkpgateway.lifecycle;

import java.util.Map;

import org.hkpgateway.events.EventBus;
import tools.jackson.databind.json.JsonMapper;

/**
 * Publishes each move as an event {@value #TYPE}: {@code plugin}, {@code from},
 * {@code to} and {@code reason} in its data, the first and third in its metadata too.
 */
public final class StateEvents implements StateListener {

	/** The type of the events. */
	public static final String TYPE = "plugin.state";

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus;

	/**
	 * Makes the listener.
	 * @param bus where the events go
	 */
	public StateEvents(EventBus bus) {
		this.bus = bus;
	}

	@Override
	public void onTransition(Transition move) {
		Map<String, String> metadata = Map.of("plugin", move.plugin().name(), "to", move.to().name());
		this.bus.publish(TYPE, "gateway", metadata, () -> data(move));
	}

	private static String data(Transition move) {
		return json.createObjectNode()
			.put("plugin", move.plugin().name())
			.put("from", move.from().name())
			.put("to", move.to().name())
			.put("reason", move.reason())
			.toString();
	}

}
