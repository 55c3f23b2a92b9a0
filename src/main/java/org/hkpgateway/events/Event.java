package org.hkpgateway.events;

import java.time.Instant;
import java.util.Map;

import org.hkpgateway.plugin.PluginEvent;

/**
 * Something that has happened.
 *
 * @param id unique, also across restarts of the gateway
 * @param type dotted lower-case words, for example {@code plugin.state}
 * @param source who says so: {@code gateway}, or a plugin's name
 * @param sequence counts the events of the source, from 1; one that nobody wanted is not
 * counted
 * @param at when
 * @param data one JSON object
 * @param metadata what filters look at
 */
public record Event(String id, String type, String source, long sequence, Instant at, String data,
		Map<String, String> metadata) implements PluginEvent {

	/** What an event takes beside its characters, about. */
	private static final int OVERHEAD = 200;

	public Event {
		metadata = Map.copyOf(metadata);
	}

	/** How much room it takes, in bytes, about: one for each character. */
	int weight() {
		int weight = OVERHEAD + this.type.length() + this.source.length() + this.data.length();
		for (Map.Entry<String, String> entry : this.metadata.entrySet()) {
			weight += entry.getKey().length() + entry.getValue().length();
		}
		return weight;
	}

}
