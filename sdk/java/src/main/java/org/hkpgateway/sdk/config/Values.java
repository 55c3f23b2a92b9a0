package org.hkpgateway.sdk.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/**
 * Reads single values. Each method takes the full key, for the error, and throws
 * {@link ConfigException} when the value is not what it reads.
 */
final class Values {

	private Values() {
	}

	static String text(String key, JsonElement value, String expected) {
		if (!value.isJsonPrimitive()) {
			throw error(key, expected, value);
		}
		return value.getAsString();
	}

	static long whole(String key, JsonElement value, long least, long most) {
		String expected = "a whole number from " + least + " to " + most;
		try {
			long number = new BigDecimal(text(key, value, expected).strip()).longValueExact();
			if (number >= least && number <= most) {
				return number;
			}
		}
		catch (ArithmeticException | NumberFormatException ex) {
			// Told below.
		}
		throw error(key, expected, value);
	}

	static double number(String key, JsonElement value) {
		return number(key, value, -Double.MAX_VALUE, Double.MAX_VALUE);
	}

	/** The largest numbers as bounds are none. */
	static double number(String key, JsonElement value, double least, double most) {
		String expected = (least > -Double.MAX_VALUE || most < Double.MAX_VALUE)
				? "a number from " + plain(least) + " to " + plain(most) : "a number";
		try {
			double number = new BigDecimal(text(key, value, expected).strip()).doubleValue();
			if (number >= least && number <= most) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// Told below.
		}
		throw error(key, expected, value);
	}

	private static String plain(double number) {
		return new BigDecimal(number).toPlainString();
	}

	static boolean yesOrNo(String key, JsonElement value) {
		String text = text(key, value, "true or false").strip();
		if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
			return Boolean.parseBoolean(text);
		}
		throw error(key, "true or false", value);
	}

	static Duration duration(String key, JsonElement value) {
		Duration duration = value.isJsonPrimitive() ? Durations.parse(value.getAsString()) : null;
		if (duration == null || duration.isNegative()) {
			throw error(key, Durations.EXPECTED, value);
		}
		return duration;
	}

	static Size size(String key, JsonElement value) {
		try {
			return Size.parse(text(key, value, Size.EXPECTED));
		}
		catch (IllegalArgumentException ex) {
			throw error(key, Size.EXPECTED, value);
		}
	}

	static Size size(String key, JsonElement value, long least, long most) {
		Size size = size(key, value);
		if (size.bytes() < least || size.bytes() > most) {
			throw error(key, "a size from " + least + " to " + most + " bytes", value);
		}
		return size;
	}

	/** Of an array its items, of a text its parts between commas. */
	static List<JsonElement> items(String key, JsonElement value, String expected) {
		if (value instanceof JsonArray array) {
			return array.asList();
		}
		List<JsonElement> items = new ArrayList<>();
		for (String part : text(key, value, expected).split(",", -1)) {
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
