package org.hkpgateway.events;

import java.util.List;
import java.util.Map;

/**
 * Which events a subscriber wants.
 *
 * @param types whole types, or the beginning of types followed by {@code *}; empty for
 * all
 * @param metadata values that an event must have; empty for any
 */
public record EventFilter(List<String> types, Map<String, String> metadata) {

	public EventFilter {
		types = List.copyOf(types);
		metadata = Map.copyOf(metadata);
	}

	/**
	 * Events of these types, whatever their metadata.
	 * @param types as in {@link #types()}
	 * @return a filter
	 */
	public static EventFilter ofTypes(String... types) {
		return new EventFilter(List.of(types), Map.of());
	}

	boolean matches(String type, Map<String, String> metadata) {
		return matches(type) && metadata.entrySet().containsAll(this.metadata.entrySet());
	}

	/** Whether events of a type can be wanted. */
	boolean matches(String type) {
		return this.types.isEmpty() || this.types.stream().anyMatch((pattern) -> matches(pattern, type));
	}

	private static boolean matches(String pattern, String type) {
		return pattern.endsWith("*") ? type.startsWith(pattern.substring(0, pattern.length() - 1))
				: pattern.equals(type);
	}

}
