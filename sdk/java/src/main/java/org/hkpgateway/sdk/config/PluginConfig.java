package org.hkpgateway.sdk.config;

import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import org.hkpgateway.sdk.log.PluginLog;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's configuration: {@code [plugin.config]} of its manifest with the operator's
 * settings merged over it. Immutable.
 *
 * <p>
 * Every getter takes the value to use when the key is absent or null, and throws a
 * {@link ConfigException} when the value has the wrong type. Whether a value comes as a
 * string or as a JSON number or boolean makes no difference, and a list may be one string
 * with commas, because that is all an operator can give by environment variable. The
 * rules are those of the SDKs in other languages, too.
 */
public final class PluginConfig {

	private static final PluginLog log = PluginLog.get("sdk");

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
		JsonReader reader = new JsonReader(new StringReader(json));
		reader.setStrictness(Strictness.STRICT);
		try {
			JsonElement element = JsonParser.parseReader(reader);
			if (element.isJsonObject() && reader.peek() == JsonToken.END_DOCUMENT) {
				return new PluginConfig("", element.getAsJsonObject());
			}
		}
		catch (JsonParseException | IOException ex) {
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
		return (value != null) ? Values.text(this.prefix + key, value) : fallback;
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
			throw Values.error(this.prefix + key, Values.TEXT, null);
		}
		return Values.text(this.prefix + key, value);
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
		return (value != null) ? Values.whole(this.prefix + key, value, least, most) : fallback;
	}

	/**
	 * Returns a number.
	 * @param key the key
	 * @param fallback used when absent
	 * @return a finite number
	 */
	public double getDouble(String key, double fallback) {
		JsonElement value = find(key);
		return (value != null) ? Values.number(this.prefix + key, value, Long.MIN_VALUE, Long.MAX_VALUE) : fallback;
	}

	/**
	 * Returns yes or no.
	 * @param key the key
	 * @param fallback used when absent
	 * @return the value
	 */
	public boolean getBoolean(String key, boolean fallback) {
		JsonElement value = find(key);
		return (value != null) ? Values.yesOrNo(this.prefix + key, value) : fallback;
	}

	/**
	 * Returns a duration, written with its unit: {@code 500ms}, {@code 10s}, {@code 5m},
	 * {@code 1h30m}, {@code 7d} or ISO 8601, of at most a hundred years. A bare number is
	 * refused: it could be seconds or milliseconds.
	 * @param key the key
	 * @param fallback used when absent
	 * @return positive or zero
	 */
	public Duration getDuration(String key, Duration fallback) {
		JsonElement value = find(key);
		return (value != null) ? Values.duration(this.prefix + key, value, "", "") : fallback;
	}

	/**
	 * Returns a list of durations, each written as for {@link #getDuration}.
	 * @param key the key
	 * @param fallback used when absent
	 * @return immutable
	 */
	public List<Duration> getDurationList(String key, List<Duration> fallback) {
		return getList(key, fallback, (name, item) -> Values.duration(name, item, "", ""));
	}

	/**
	 * Returns a list of texts.
	 * @param key the key
	 * @param fallback used when absent
	 * @return immutable
	 */
	public List<String> getStringList(String key, List<String> fallback) {
		return getList(key, fallback, Values::text);
	}

	private <T> List<T> getList(String key, List<T> fallback, BiFunction<String, JsonElement, T> read) {
		JsonElement value = find(key);
		if (value == null) {
			return fallback;
		}
		List<T> items = new ArrayList<>();
		for (JsonElement item : Values.items(this.prefix + key, value)) {
			items.add(read.apply(this.prefix + key + "[" + items.size() + "]", item));
		}
		return List.copyOf(items);
	}

	/**
	 * Returns a size: {@code 64KiB}, {@code 1MiB}, {@code 512B} or a number of bytes.
	 * @param key the key
	 * @param fallback used when absent
	 * @return the size
	 */
	public Size getSize(String key, Size fallback) {
		JsonElement value = find(key);
		return (value != null) ? Values.size(this.prefix + key, value, 0, Long.MAX_VALUE) : fallback;
	}

	/**
	 * Reads all of it into a record. The component {@code shortestSearch} is the key
	 * {@code shortest_search}. Components are {@code String}, {@code int}, {@code long},
	 * {@code double}, {@code boolean}, {@link Duration}, {@link Size}, enums (in lower
	 * case), other records (tables), and {@code List}, {@code Map<String, …>} and
	 * {@code Optional} of these. What is absent has its {@link Default}; without one, a
	 * list or map is empty, a record is made of its own defaults, an {@code Optional} is
	 * empty, and a component marked {@code @Nullable} of JSpecify is null; anything else
	 * is then an error. {@link Range} bounds numbers and the bytes of sizes,
	 * {@link DurationRange} durations. All that is wrong is told at once. An
	 * {@link IllegalArgumentException} of the record's constructor reaches the operator
	 * with the table's key. Keys that no component has are logged as a warning: most
	 * likely they are misspelt.
	 * @param type a record
	 * @return the record
	 * @throws ConfigException if a value cannot be used
	 * @throws IllegalArgumentException if the type is not as above
	 */
	public <R extends Record> R as(Class<R> type) {
		RecordReader reader = new RecordReader();
		R result = as(type, reader);
		if (!reader.unknown().isEmpty()) {
			log.warn("the configuration has keys that this plugin does not know", "keys",
					String.join(", ", reader.unknown()));
		}
		return result;
	}

	<R extends Record> R as(Class<R> type, RecordReader reader) {
		return reader.read(type, this.prefix, this.values);
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
			throw Values.error(this.prefix + key, Values.TABLE, value);
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

}
