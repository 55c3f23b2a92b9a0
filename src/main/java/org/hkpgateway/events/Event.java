package org.hkpgateway.events;

import java.time.Instant;
import java.util.Map;

import org.hkpgateway.plugin.PluginEvent;

/**
 * Something that has happened.
 *
 * @param id unique, also across restarts of the gateway
 * @param type dotted lower-case words, for example {@code plugin.state}
 * @param replica the gateway where it happened
 * @param source who says so: {@code gateway}, or a plugin's name
 * @param sequence counts the events of the source there, from 1; one that nobody wanted
 * is not counted
 * @param clusterSequence counts those of them that are for all replicas, from 1; 0: it is
 * for the plugins of its own replica alone
 * @param at when
 * @param data one JSON object
 * @param metadata what filters look at
 */
public record Event(String id, String type, String replica, String source, long sequence, long clusterSequence,
		Instant at, String data, Map<String, String> metadata) implements PluginEvent {

	/** What an event takes beside its characters, about. */
	private static final int OVERHEAD = 200;

	public Event {
		metadata = Map.copyOf(metadata);
	}

	/**
	 * Names an event as no other is named.
	 * @return as in {@link #id()}
	 */
	static String id(String replica, String source, long sequence) {
		return replica + "-" + source + "-" + sequence;
	}

	@Override
	public boolean cluster() {
		return this.clusterSequence > 0;
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
