package org.hkpgateway.sdk.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's configuration: {@code [plugin.config]} of its manifest with the operator's
 * settings merged over it. Immutable.
 *
 * <p>
 * Every getter takes the value to use when the key is absent or null, and throws a
 * {@link ConfigException} when the value has the wrong type. Numbers and booleans may
 * also be given as strings, and a list as one string with commas, because that is all an
 * operator can give by environment variable.
 */
public final class PluginConfig {

	private final String prefix;

	private final JsonObject values;

	private PluginConfig(String prefix, JsonObject values) {
		this.prefix = prefix;
		this.values = values;
	}

	/**
	 * Returns a configuration without any key.
	 * @return the empty configuration
	 */
	public static PluginConfig empty() {
		return new PluginConfig("", new JsonObject());
	}

	/**
	 * Reads a configuration.
	 * @param json one JSON object; empty means no key
	 * @return the configuration
	 * @throws ConfigException if it is anything else
	 */
	public static PluginConfig parse(String json) {
		if (json.isBlank()) {
			return empty();
		}
		try {
			JsonElement element = JsonParser.parseString(json);
			if (element.isJsonObject()) {
				return new PluginConfig("", element.getAsJsonObject());
			}
		}
		catch (JsonParseException ex) {
			// Told below; Gson's message speaks of Java, which no operator has written.
		}
		throw new ConfigException("", "one JSON object", json);
	}

	/**
	 * The keys that are present.
	 * @return sorted, of this level only
	 */
	public Set<String> keys() {
		return new TreeSet<>(this.values.keySet());
	}

	/**
	 * The keys that are present and not known: most likely misspelt, and worth a warning.
	 * @param known the keys that the plugin reads
	 * @return sorted full keys
	 */
	public Set<String> unknownKeys(Set<String> known) {
		Set<String> unknown = new TreeSet<>();
		for (String key : this.values.keySet()) {
			if (!known.contains(key)) {
				unknown.add(this.prefix + key);
			}
		}
		return unknown;
	}

	/**
	 * Whether a key is present and not null.
	 * @param key the key
	 * @return true if it is
	 */
	public boolean contains(String key) {
		return find(key) != null;
	}

	/**
	 * Returns a text.
	 * @param key the key
	 * @param fallback used when absent
	 * @return the text
	 */
	public String getString(String key, String fallback) {
		JsonElement value = find(key);
		return (value != null) ? text(key, value, "a string") : fallback;
	}

	/**
	 * Returns a text that has no default.
	 * @param key the key
	 * @return the text
	 * @throws ConfigException also when the key is absent
	 */
	public String getString(String key) {
		JsonElement value = find(key);
		if (value == null) {
			throw error(key, "a string", null);
		}
		return text(key, value, "a string");
	}

	/**
	 * Returns a whole number.
	 * @param key the key
	 * @param fallback used when absent
	 * @return any number that fits an int
	 */
	public int getInt(String key, int fallback) {
		return getInt(key, fallback, Integer.MIN_VALUE, Integer.MAX_VALUE);
	}

	/**
	 * Returns a whole number within a range.
	 * @param key the key
	 * @param fallback used when absent
	 * @param least smallest valid value
	 * @param most largest valid value
	 * @return the number
	 */
	public int getInt(String key, int fallback, int least, int most) {
		return (int) getLong(key, fallback, least, most);
	}

	/**
	 * Returns a whole number within a range.
	 * @param key the key
	 * @param fallback used when absent
	 * @param least smallest valid value
	 * @param most largest valid value
	 * @return the number
	 */
	public long getLong(String key, long fallback, long least, long most) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
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

	/**
	 * Returns a number.
	 * @param key the key
	 * @param fallback used when absent
	 * @return a finite number
	 */
	public double getDouble(String key, double fallback) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
		try {
			double number = new BigDecimal(text(key, value, "a number").strip()).doubleValue();
			if (Double.isFinite(number)) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// Told below.
		}
		throw error(key, "a number", value);
	}

	/**
	 * Returns yes or no.
	 * @param key the key
	 * @param fallback used when absent
	 * @return the value
	 */
	public boolean getBoolean(String key, boolean fallback) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
		String text = text(key, value, "true or false").strip();
		if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
			return Boolean.parseBoolean(text);
		}
		throw error(key, "true or false", value);
	}

	/**
	 * Returns a duration, written with its unit: {@code 500ms}, {@code 10s}, {@code 5m},
	 * {@code 1h30m}, {@code 7d} or ISO 8601. A bare number is refused: it could be
	 * seconds or milliseconds.
	 * @param key the key
	 * @param fallback used when absent
	 * @return positive or zero
	 */
	public Duration getDuration(String key, Duration fallback) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
		Duration duration = value.isJsonPrimitive() ? Durations.parse(value.getAsString()) : null;
		if (duration == null || duration.isNegative()) {
			throw error(key, Durations.EXPECTED, value);
		}
		return duration;
	}

	/**
	 * Returns a list of durations, each written as for {@link #getDuration}.
	 * @param key the key
	 * @param fallback used when absent
	 * @return immutable
	 */
	public List<Duration> getDurationList(String key, List<Duration> fallback) {
		if (find(key) == null) {
			return fallback;
		}
		List<Duration> durations = new ArrayList<>();
		for (String text : getStringList(key, List.of())) {
			Duration duration = Durations.parse(text);
			if (duration == null || duration.isNegative()) {
				throw new ConfigException(this.prefix + key + "[" + durations.size() + "]", Durations.EXPECTED,
						"'" + text + "'");
			}
			durations.add(duration);
		}
		return List.copyOf(durations);
	}

	/**
	 * Returns a list of texts.
	 * @param key the key
	 * @param fallback used when absent
	 * @return immutable
	 */
	public List<String> getStringList(String key, List<String> fallback) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
		List<String> texts = new ArrayList<>();
		if (value instanceof JsonArray array) {
			for (JsonElement item : array) {
				texts.add(text(key + "[" + texts.size() + "]", item, "a string"));
			}
		}
		else {
			for (String part : text(key, value, "a list of strings").split(",", -1)) {
				if (!part.isBlank()) {
					texts.add(part.strip());
				}
			}
		}
		return List.copyOf(texts);
	}

	/**
	 * Returns a nested table. Errors in it name the full key, such as
	 * {@code limits.window}.
	 * @param key the key
	 * @return empty when absent
	 */
	public PluginConfig getObject(String key) {
		JsonElement value = find(key);
		if (value == null) {
			return new PluginConfig(this.prefix + key + ".", new JsonObject());
		}
		if (!value.isJsonObject()) {
			throw error(key, "a table of keys and values", value);
		}
		return new PluginConfig(this.prefix + key + ".", value.getAsJsonObject());
	}

	@Override
	public String toString() {
		// Not the values: they may hold secrets.
		return "PluginConfig" + keys();
	}

	private @Nullable JsonElement find(String key) {
		JsonElement value = this.values.get(key);
		return (value == null || value.isJsonNull()) ? null : value;
	}

	private String text(String key, JsonElement value, String expected) {
		if (!value.isJsonPrimitive()) {
			throw error(key, expected, value);
		}
		return value.getAsString();
	}

	private ConfigException error(String key, String expected, @Nullable JsonElement value) {
		return new ConfigException(this.prefix + key, expected, (value != null) ? value.toString() : "nothing");
	}

}
