package org.hkpgateway.sdk;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The header fields of a request: names compare case-insensitively; order and repeated
 * values are kept; bytes of values are read as ISO-8859-1. Immutable.
 */
public final class Headers {

	private static final Headers EMPTY = new Headers(List.of());

	private final List<Field> fields;

	private Headers(List<Field> fields) {
		this.fields = fields;
	}

	/**
	 * Makes headers of fields.
	 * @param fields in order
	 * @return the headers
	 */
	public static Headers of(List<Field> fields) {
		return fields.isEmpty() ? EMPTY : new Headers(List.copyOf(fields));
	}

	/**
	 * Returns the first value of a name.
	 * @param name in any case
	 * @return the value, or nothing
	 */
	public Optional<String> first(String name) {
		for (Field field : this.fields) {
			if (field.name().equalsIgnoreCase(name)) {
				return Optional.of(field.value());
			}
		}
		return Optional.empty();
	}

	/**
	 * Returns every value of a name.
	 * @param name in any case
	 * @return in order, possibly none
	 */
	public List<String> all(String name) {
		List<String> values = new ArrayList<>(1);
		for (Field field : this.fields) {
			if (field.name().equalsIgnoreCase(name)) {
				values.add(field.value());
			}
		}
		return values;
	}

	/**
	 * Returns all fields.
	 * @return in order
	 */
	public List<Field> fields() {
		return this.fields;
	}

	@Override
	public String toString() {
		return this.fields.toString();
	}

	/**
	 * One field.
	 *
	 * @param name as received
	 * @param value its bytes as ISO-8859-1
	 */
	public record Field(String name, String value) {
	}

}
