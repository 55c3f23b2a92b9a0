package org.hkpgateway.sdk.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/**
 * Reads single values. Each method takes the full key, for the error, and throws
 * {@link ConfigException} when the value is not what it reads.
 */
final class Values {

	static final String TEXT = "a string";

	static final String YES_OR_NO = "true or false";

	static final String LIST = "a list";

	static final String TABLE = "a table of keys and values";

	/** Bounded, because it is read exactly. */
	private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,40}(\\.\\d{1,40})?([eE][+-]?\\d{1,3})?");

	private static final BigDecimal SMALLEST = BigDecimal.valueOf(Long.MIN_VALUE);

	private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

	private Values() {
	}

	static String text(String key, JsonElement value) {
		return text(key, value, TEXT);
	}

	private static String text(String key, JsonElement value, String expected) {
		if (!value.isJsonPrimitive()) {
			throw error(key, expected, value);
		}
		return value.getAsString();
	}

	/** The smallest and the largest number as bounds are none. */
	static long whole(String key, JsonElement value, long least, long most) {
		BigDecimal number = decimal(plain(value));
		if (number != null && isLong(number) && number.longValueExact() >= least && number.longValueExact() <= most) {
			return number.longValueExact();
		}
		throw error(key, whole(least, most), value);
	}

	static String whole(long least, long most) {
		return bounded("a whole number", (least > Long.MIN_VALUE) ? Long.toString(least) : "",
				(most < Long.MAX_VALUE) ? Long.toString(most) : "");
	}

	/** The smallest and the largest whole number as bounds are none. */
	static double number(String key, JsonElement value, long least, long most) {
		BigDecimal decimal = decimal(plain(value));
		double number = (decimal != null) ? decimal.doubleValue() : Double.NaN;
		if (Double.isFinite(number) && (least == Long.MIN_VALUE || number >= least)
				&& (most == Long.MAX_VALUE || number <= most)) {
			return number;
		}
		throw error(key, number(least, most), value);
	}

	static String number(long least, long most) {
		return whole(least, most).replace("a whole number", "a number");
	}

	static boolean yesOrNo(String key, JsonElement value) {
		String text = plain(value).strip();
		if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
			return Boolean.parseBoolean(text);
		}
		throw error(key, YES_OR_NO, value);
	}

	static Duration duration(String key, JsonElement value, String least, String most) {
		Duration duration = Durations.parse(plain(value));
		if (duration == null || (!least.isEmpty() && duration.compareTo(bound(least)) < 0)
				|| (!most.isEmpty() && duration.compareTo(bound(most)) > 0)) {
			throw error(key, duration(least, most), value);
		}
		return duration;
	}

	static String duration(String least, String most) {
		return (least + most).isEmpty() ? Durations.EXPECTED : bounded("a duration", least, most);
	}

	static Object constant(Class<?> type, String key, JsonElement value) {
		String text = plain(value).strip().replace('-', '_');
		for (Object constant : type.getEnumConstants()) {
			if (word(constant).equalsIgnoreCase(text)) {
				return constant;
			}
		}
		throw error(key, words(type), value);
	}

	static String words(Class<?> constants) {
		return Arrays.stream(constants.getEnumConstants())
			.map(Values::word)
			.collect(Collectors.joining(", ", "one of ", ""));
	}

	private static String word(Object constant) {
		return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
	}

	private static Duration bound(String text) {
		Duration bound = Durations.parse(text);
		if (bound == null) {
			throw new IllegalArgumentException(
					"expected: a @DurationRange of " + Durations.EXPECTED + ", got: \"" + text + "\"");
		}
		return bound;
	}

	/** 0 and the largest number as bounds are none. */
	static Size size(String key, JsonElement value, long least, long most) {
		try {
			Size size = Size.parse(plain(value));
			if (size.bytes() >= least && size.bytes() <= most) {
				return size;
			}
		}
		catch (IllegalArgumentException ex) {
			// Told below.
		}
		throw error(key, size(least, most), value);
	}

	static String size(long least, long most) {
		return (least <= 0 && most == Long.MAX_VALUE) ? Size.EXPECTED : bounded("a size",
				(least > 0) ? Size.written(least) : "", (most < Long.MAX_VALUE) ? Size.written(most) : "");
	}

	private static String bounded(String word, String least, String most) {
		if (least.isEmpty() && most.isEmpty()) {
			return word;
		}
		if (least.isEmpty()) {
			return word + " of at most " + most;
		}
		return word + (most.isEmpty() ? " of at least " + least : " from " + least + " to " + most);
	}

	/** Null for what is no number in JSON's spelling; a plus may be in front. */
	static @Nullable BigDecimal decimal(String text) {
		String stripped = text.strip();
		return NUMBER.matcher(stripped).matches() ? new BigDecimal(stripped) : null;
	}

	static boolean isLong(BigDecimal number) {
		return number.stripTrailingZeros().scale() <= 0 && number.compareTo(SMALLEST) >= 0
				&& number.compareTo(LARGEST) <= 0;
	}

	/**
	 * What a value says that is neither a list nor a table; empty for those, which is no
	 * value of any type but text.
	 */
	private static String plain(JsonElement value) {
		return value.isJsonPrimitive() ? value.getAsString() : "";
	}

	/** Of an array its items, of a text its parts between commas. */
	static List<JsonElement> items(String key, JsonElement value) {
		if (value instanceof JsonArray array) {
			return array.asList();
		}
		List<JsonElement> items = new ArrayList<>();
		for (String part : text(key, value, LIST).split(",", -1)) {
			if (!part.isBlank()) {
				items.add(new JsonPrimitive(part.strip()));
			}
		}
		return items;
	}

	static ConfigException error(String key, String expected, @Nullable JsonElement value) {
		return new ConfigException(key, expected, (value != null) ? value.toString() : "nothing");
	}

}
