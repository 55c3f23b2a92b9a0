package org.hkpgateway.sdk.host;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that has happened. To publish one, begin with {@link #of}; what the gateway
 * sets is then empty. Immutable; each method returns a changed copy.
 *
 * @param id set by the gateway
 * @param type for example {@code key.changed}, or {@code plugin.<name>.banned}
 * @param data one JSON object, or empty; at most 64 KiB of UTF-8
 * @param time when it happened, in whole seconds; set by the gateway
 * @param source {@code gateway} or a plugin's name; set by the gateway
 * @param metadata at most 16, of 4096 characters in all
 * @param replica which run of which gateway, see {@link HostInfo#replica()}; set by the
 * gateway
 * @param sequence the source's running number there, from 1; set by the gateway
 * @param cluster also for the plugins of the other replicas
 */
public record Event(String id, String type, String data, Instant time, String source, Map<String, String> metadata,
		String replica, long sequence, boolean cluster) {

	private static final int MOST_BYTES = 64 * 1024;

	private static final int MOST_METADATA = 16;

	private static final int MOST_CHARACTERS = 4096;

	public Event {
		metadata = Map.copyOf(metadata);
		if (type.isEmpty()) {
			throw new IllegalArgumentException("type: expected: for example plugin.<name>.banned, got: nothing");
		}
	}

	/**
	 * An event to be published.
	 * @param type {@code plugin.<own name>.<what>}; the gateway refuses others
	 * @return without data
	 */
	public static Event of(String type) {
		return new Event("", type, "", Instant.EPOCH, "", Map.of(), "", 0, false);
	}

	/**
	 * With data.
	 * @param json one JSON object
	 * @return a copy
	 * @throws IllegalArgumentException if it has more than 64 KiB
	 */
	public Event data(String json) {
		int bytes = json.getBytes(StandardCharsets.UTF_8).length;
		if (bytes > MOST_BYTES) {
			throw new IllegalArgumentException("data: expected: at most " + MOST_BYTES + " bytes, got: " + bytes);
		}
		return new Event(this.id, this.type, json, this.time, this.source, this.metadata, this.replica, this.sequence,
				this.cluster);
	}

	/**
	 * With one more of the metadata, by which readers can filter.
	 * @param key its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException beyond 16, or 4096 characters in all
	 */
	public Event metadata(String key, String value) {
		Map<String, String> all = new LinkedHashMap<>(this.metadata);
		all.put(key, value);
		int characters = all.entrySet()
			.stream()
			.mapToInt((one) -> one.getKey().length() + one.getValue().length())
			.sum();
		if (all.size() > MOST_METADATA || characters > MOST_CHARACTERS) {
			throw new IllegalArgumentException("metadata: expected: at most " + MOST_METADATA + " with "
					+ MOST_CHARACTERS + " characters, got: " + all.size() + " with " + characters);
		}
		return new Event(this.id, this.type, this.data, this.time, this.source, all, this.replica, this.sequence,
				this.cluster);
	}

	/**
	 * Also for the plugins of the other replicas, if gateways share a Redis. It gets
	 * there once, or not at all.
	 * @return a copy
	 */
	public Event toCluster() {
		return new Event(this.id, this.type, this.data, this.time, this.source, this.metadata, this.replica,
				this.sequence, true);
	}

}
