package org.hkpgateway.sdk.host;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which events are wanted. Immutable.
 *
 * @param types exact ones, or beginnings that end in {@code *}; empty: all, one for each
 * request among them
 * @param metadata all must match
 */
public record EventFilter(List<String> types, Map<String, String> metadata) {

	public EventFilter {
		types = List.copyOf(types);
		metadata = Map.copyOf(metadata);
	}

	/**
	 * Events of some types.
	 * @param types exact ones, or beginnings that end in {@code *}
	 * @return the filter
	 */
	public static EventFilter of(String... types) {
		return new EventFilter(List.of(types), Map.of());
	}

	/**
	 * Only those with a value among their metadata.
	 * @param key its name
	 * @param value its value
	 * @return a copy
	 */
	public EventFilter where(String key, String value) {
		Map<String, String> all = new LinkedHashMap<>(this.metadata);
		all.put(key, value);
		return new EventFilter(this.types, all);
	}

	/**
	 * Whether an event is wanted.
	 * @param event the event
	 * @return true if type and metadata match
	 */
	public boolean matches(Event event) {
		return (this.types.isEmpty() || this.types.stream().anyMatch((type) -> matches(type, event.type())))
				&& event.metadata().entrySet().containsAll(this.metadata.entrySet());
	}

	private static boolean matches(String wanted, String type) {
		return wanted.endsWith("*") ? type.startsWith(wanted.substring(0, wanted.length() - 1)) : wanted.equals(type);
	}

}
