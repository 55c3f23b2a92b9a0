package org.hkpgateway.sdk.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Set;

import com.google.gson.JsonElement;

/**
 * What the annotations of a component say of its value, or of each in it.
 *
 * @param least of numbers, or of the bytes of sizes; the smallest number: none
 * @param most the largest number: none
 * @param shortest of durations, as written; empty: none
 * @param longest empty: none
 */
record Bounds(long least, long most, String shortest, String longest) {

	private static final Set<Type> RANGED = Set.of(int.class, Integer.class, long.class, Long.class, double.class,
			Double.class, Size.class);

	static Bounds of(RecordComponent component, String key) {
		Range range = component.getAnnotation(Range.class);
		DurationRange durations = component.getAnnotation(DurationRange.class);
		Type type = innermost(component.getGenericType());
		if (range != null && !RANGED.contains(type)) {
			throw new IllegalArgumentException("component of key '" + key
					+ "': expected: @Range on a number, a Size, or List, Map or Optional of one, got: "
					+ component.getGenericType() + "; check it in the record's constructor");
		}
		if (durations != null && type != Duration.class) {
			throw new IllegalArgumentException("component of key '" + key
					+ "': expected: @DurationRange on a Duration, or List, Map or Optional of it, got: "
					+ component.getGenericType());
		}
		return new Bounds((range != null) ? range.min() : Long.MIN_VALUE,
				(range != null) ? range.max() : Long.MAX_VALUE, (durations != null) ? durations.min() : "",
				(durations != null) ? durations.max() : "");
	}

	private static Type innermost(Type type) {
		if (type instanceof ParameterizedType generic) {
			Type[] arguments = generic.getActualTypeArguments();
			return innermost(arguments[arguments.length - 1]);
		}
		return type;
	}

	Object read(Class<?> type, String key, JsonElement value) {
		if (type == String.class) {
			return Values.text(key, value);
		}
		if (isInt(type)) {
			return (int) Values.whole(key, value, leastInt(), mostInt());
		}
		if (type == long.class || type == Long.class) {
			return Values.whole(key, value, this.least, this.most);
		}
		if (type == double.class || type == Double.class) {
			return Values.number(key, value, this.least, this.most);
		}
		if (isBoolean(type)) {
			return Values.yesOrNo(key, value);
		}
		if (type == Duration.class) {
			return Values.duration(key, value, this.shortest, this.longest);
		}
		if (type == Size.class) {
			return Values.size(key, value, this.least, this.most);
		}
		if (type.isEnum()) {
			return Values.constant(type, key, value);
		}
		throw new IllegalArgumentException("component of key '" + key + "': expected: String, int, long, double, "
				+ "boolean, Duration, Size, an enum, a record, or List, Map or Optional of these, got: " + type);
	}

	/** What is expected, of a component that is not there. */
	String words(Class<?> type) {
		if (isInt(type)) {
			return Values.whole(leastInt(), mostInt());
		}
		if (type == long.class || type == Long.class) {
			return Values.whole(this.least, this.most);
		}
		if (type == double.class || type == Double.class) {
			return Values.number(this.least, this.most);
		}
		if (type == Duration.class) {
			return Values.duration(this.shortest, this.longest);
		}
		if (type == Size.class) {
			return Values.size(this.least, this.most);
		}
		return type.isEnum() ? Values.words(type) : isBoolean(type) ? Values.YES_OR_NO : Values.TEXT;
	}

	private long leastInt() {
		return Math.max(this.least, Integer.MIN_VALUE);
	}

	private long mostInt() {
		return Math.min(this.most, Integer.MAX_VALUE);
	}

	private static boolean isInt(Class<?> type) {
		return type == int.class || type == Integer.class;
	}

	private static boolean isBoolean(Class<?> type) {
		return type == boolean.class || type == Boolean.class;
	}

}
