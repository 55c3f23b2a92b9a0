package org.hkpgateway.events;

import java.time.Instant;
import java.util.Map;

/**
 * Something that has happened.
 *
 * @param id unique, also across restarts of the gateway
 * @param type dotted lower-case words, for example {@code plugin.state}
 * @param source who says so: {@code gateway}, or a plugin's name
 * @param at when
 * @param data one JSON object
 * @param metadata what filters look at
 */
public record Event(String id, String type, String source, Instant at, String data, Map<String, String> metadata) {

	public Event {
		metadata = Map.copyOf(metadata);
	}

}
