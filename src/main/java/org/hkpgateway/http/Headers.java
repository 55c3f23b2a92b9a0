package org.hkpgateway.http;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * Immutable header fields: names compare case-insensitively, order and repeated values
 * are kept.
 */
public final class Headers implements Iterable<HeaderField> {

	private static final Headers EMPTY = new Headers(List.of());

	private final List<HeaderField> fields;

	private Headers(List<HeaderField> fields) {
		this.fields = fields;
	}

	/**
	 * Returns headers without any field.
	 * @return the empty headers
	 */
	public static Headers empty() {
		return EMPTY;
	}

	/**
	 * Makes headers of the fields given.
	 * @param fields in order
	 * @return the headers
	 */
	public static Headers of(List<HeaderField> fields) {
		return fields.isEmpty() ? EMPTY : new Headers(List.copyOf(fields));
	}

	/**
	 * Makes headers of names and values in turn.
	 * @param namesAndValues name, value, name, value …
	 * @return the headers
	 */
	public static Headers of(String... namesAndValues) {
		if (namesAndValues.length % 2 != 0) {
			throw new IllegalArgumentException(
					"expected: names and values in turn, got: " + namesAndValues.length + " strings");
		}
		List<HeaderField> fields = new ArrayList<>(namesAndValues.length / 2);
		for (int i = 0; i < namesAndValues.length; i += 2) {
			fields.add(new HeaderField(namesAndValues[i], namesAndValues[i + 1]));
		}
		return of(fields);
	}

	/**
	 * Returns the first value of a name.
	 * @param name in any case
	 * @return the value, or null if there is none
	 */
	public @Nullable String first(String name) {
		for (HeaderField field : this.fields) {
			if (field.name().equalsIgnoreCase(name)) {
				return field.value();
			}
		}
		return null;
	}

	/**
	 * Returns every value of a name, in order.
	 * @param name in any case
	 * @return the values, possibly none
	 */
	public List<String> all(String name) {
		List<String> values = new ArrayList<>(1);
		for (HeaderField field : this.fields) {
			if (field.name().equalsIgnoreCase(name)) {
				values.add(field.value());
			}
		}
		return values;
	}

	public boolean contains(String name) {
		return first(name) != null;
	}

	public int size() {
		return this.fields.size();
	}

	public List<HeaderField> fields() {
		return this.fields;
	}

	/**
	 * Returns the headers without those whose name matches.
	 * @param names matched with the name as received
	 * @return this object if nothing matches
	 */
	public Headers without(Predicate<String> names) {
		List<HeaderField> kept = new ArrayList<>(this.fields.size());
		for (HeaderField field : this.fields) {
			if (!names.test(field.name())) {
				kept.add(field);
			}
		}
		return (kept.size() == this.fields.size()) ? this : of(kept);
	}

	/**
	 * Returns the headers with one more field at the end.
	 * @param name a token
	 * @param value its value
	 * @return new headers
	 */
	public Headers with(String name, String value) {
		List<HeaderField> copy = new ArrayList<>(this.fields);
		copy.add(new HeaderField(name, value));
		return of(copy);
	}

	/**
	 * Applies mutations in order.
	 * @param mutations the mutations
	 * @return this object if there are none
	 */
	public Headers apply(List<HeaderMutation> mutations) {
		if (mutations.isEmpty()) {
			return this;
		}
		List<HeaderField> copy = new ArrayList<>(this.fields);
		for (HeaderMutation mutation : mutations) {
			if (!(mutation instanceof HeaderMutation.Append)) {
				copy.removeIf((field) -> field.name().equalsIgnoreCase(mutation.name()));
			}
			if (mutation instanceof HeaderMutation.Set set) {
				copy.add(new HeaderField(set.name(), set.value()));
			}
			else if (mutation instanceof HeaderMutation.Append append) {
				copy.add(new HeaderField(append.name(), append.value()));
			}
		}
		return of(copy);
	}

	/**
	 * Adds what was wanted of an answer before it was known whose it would be: a name
	 * that is here already is replaced or removed by none of it. Values are appended in
	 * any case.
	 * @param mutations what was wanted, in order
	 * @return this object if there is nothing to add
	 */
	public Headers completedBy(List<HeaderMutation> mutations) {
		return mutations.isEmpty() ? this
				: apply(mutations.stream()
					.filter((mutation) -> mutation instanceof HeaderMutation.Append || !contains(mutation.name()))
					.toList());
	}

	@Override
	public Iterator<HeaderField> iterator() {
		return this.fields.iterator();
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof Headers headers && this.fields.equals(headers.fields);
	}

	@Override
	public int hashCode() {
		return this.fields.hashCode();
	}

	@Override
	public String toString() {
		return this.fields.stream()
			.map((field) -> field.name() + ": " + field.value())
			.collect(Collectors.joining(", ", "[", "]"));
	}

}
