package org.hkpgateway.sdk.config;

import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of tables: the component {@code shortestSearch} is the key
 * {@code shortest_search}. Collects the keys that no component has.
 */
final class RecordReader {

	private static final Set<Type> RANGED = Set.of(int.class, Integer.class, long.class, Long.class, double.class,
			Double.class, Size.class);

	private final Set<String> unknown = new TreeSet<>();

	/**
	 * The keys that were there and not read.
	 * @return full keys, sorted
	 */
	Set<String> unknown() {
		return this.unknown;
	}

	/**
	 * Makes a record.
	 * @param type its class
	 * @param prefix of the table's keys: empty, or with a full stop at its end
	 * @param table the table
	 * @return the record
	 * @throws ConfigException if a value cannot be used
	 * @throws IllegalArgumentException if the record has components that cannot be read
	 */
	<R> R read(Class<R> type, String prefix, JsonObject table) {
		RecordComponent[] components = type.getRecordComponents();
		if (components == null) {
			throw new IllegalArgumentException("expected: a record, got: " + type.getName());
		}
		Set<String> left = new TreeSet<>(table.keySet());
		@Nullable Object[] values = new Object[components.length];
		for (int i = 0; i < values.length; i++) {
			String name = key(components[i].getName());
			left.remove(name);
			values[i] = component(components[i], prefix + name, table.get(name));
		}
		left.forEach((key) -> this.unknown.add(prefix + key));
		return make(type, prefix, components, values);
	}

	/** For example {@code shortest_search} of {@code shortestSearch}. */
	static String key(String component) {
		return component.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
	}

	private static <R> R make(Class<R> type, String prefix, RecordComponent[] components, @Nullable Object[] values) {
		Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
		try {
			Constructor<R> constructor = type.getDeclaredConstructor(types);
			constructor.setAccessible(true);
			return constructor.newInstance(values);
		}
		catch (InvocationTargetException ex) {
			if (ex.getCause() instanceof ConfigException refused) {
				throw refused;
			}
			if (ex.getCause() instanceof IllegalArgumentException refused) {
				throw ConfigException.ofTable(prefix, String.valueOf(refused.getMessage()));
			}
			throw new IllegalStateException("the constructor of " + type.getName() + " failed: " + ex.getCause(), ex);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException("expected: to make a " + type.getName() + ", got: " + ex, ex);
		}
	}

	private @Nullable Object component(RecordComponent component, String key, @Nullable JsonElement value) {
		Default fallback = component.getAnnotation(Default.class);
		Range range = component.getAnnotation(Range.class);
		if (range != null && !hasRange(component.getGenericType())) {
			throw new IllegalArgumentException("component of key '" + key
					+ "': expected: @Range on a number, a Size, or " + "List, Map or Optional of one, got: "
					+ component.getGenericType() + "; check it in the record's constructor");
		}
		if (value != null && !value.isJsonNull()) {
			return value(component.getGenericType(), range, key, value);
		}
		if (fallback != null) {
			return value(component.getGenericType(), range, key, new JsonPrimitive(fallback.value()));
		}
		return absent(component, key);
	}

	private static boolean hasRange(Type type) {
		if (type instanceof ParameterizedType generic) {
			Type[] arguments = generic.getActualTypeArguments();
			return hasRange(arguments[arguments.length - 1]);
		}
		return RANGED.contains(type);
	}

	private @Nullable Object absent(RecordComponent component, String key) {
		Class<?> type = component.getType();
		if (type == Optional.class) {
			return Optional.empty();
		}
		if (type == List.class) {
			return List.of();
		}
		if (type == Map.class) {
			return Map.of();
		}
		if (type.isRecord() && type != Size.class) {
			return read(type, key + ".", new JsonObject());
		}
		if (isNullable(component.getAnnotatedType())) {
			return null;
		}
		throw Values.error(key, expected(type), null);
	}

	private static boolean isNullable(AnnotatedType type) {
		return type.isAnnotationPresent(Nullable.class);
	}

	private Object value(Type type, @Nullable Range range, String key, JsonElement value) {
		if (type instanceof ParameterizedType generic) {
			return generic(generic, range, key, value);
		}
		Class<?> plain = (Class<?>) type;
		if (plain == String.class) {
			return Values.text(key, value, expected(plain));
		}
		if (plain == int.class || plain == Integer.class) {
			return (int) whole(range, key, value, Integer.MIN_VALUE, Integer.MAX_VALUE);
		}
		if (plain == long.class || plain == Long.class) {
			return whole(range, key, value, Long.MIN_VALUE, Long.MAX_VALUE);
		}
		if (plain == double.class || plain == Double.class) {
			return Values.number(key, value, (range != null) ? (double) range.min() : -Double.MAX_VALUE,
					(range != null) ? (double) range.max() : Double.MAX_VALUE);
		}
		if (plain == boolean.class || plain == Boolean.class) {
			return Values.yesOrNo(key, value);
		}
		if (plain == Duration.class) {
			return Values.duration(key, value);
		}
		if (plain == Size.class) {
			return Values.size(key, value, (range != null) ? range.min() : 0,
					(range != null) ? range.max() : Long.MAX_VALUE);
		}
		if (plain.isEnum()) {
			return constant(plain, key, value);
		}
		if (plain.isRecord()) {
			return read(plain, key + ".", table(key, value));
		}
		throw new IllegalArgumentException("component of key '" + key + "': expected: String, int, long, double, "
				+ "boolean, Duration, Size, an enum, a record, or List, Map or Optional of these, got: " + type);
	}

	private Object generic(ParameterizedType type, @Nullable Range range, String key, JsonElement value) {
		Type[] arguments = type.getActualTypeArguments();
		if (type.getRawType() == Optional.class) {
			return Optional.of(value(arguments[0], range, key, value));
		}
		if (type.getRawType() == List.class) {
			List<Object> items = new ArrayList<>();
			for (JsonElement item : Values.items(key, value, "a list")) {
				items.add(value(arguments[0], range, key + "[" + items.size() + "]", item));
			}
			return List.copyOf(items);
		}
		if (type.getRawType() == Map.class && arguments[0] == String.class) {
			Map<String, Object> entries = new LinkedHashMap<>();
			table(key, value).asMap()
				.forEach((name, item) -> entries.put(name, value(arguments[1], range, key + "." + name, item)));
			return Collections.unmodifiableMap(entries);
		}
		throw new IllegalArgumentException(
				"component of key '" + key + "': expected: List, Optional or Map<String, …>, got: " + type);
	}

	private static long whole(@Nullable Range range, String key, JsonElement value, long least, long most) {
		return (range != null) ? Values.whole(key, value, Math.max(least, range.min()), Math.min(most, range.max()))
				: Values.whole(key, value, least, most);
	}

	private static JsonObject table(String key, JsonElement value) {
		if (!value.isJsonObject()) {
			throw Values.error(key, "a table of keys and values", value);
		}
		return value.getAsJsonObject();
	}

	private static Object constant(Class<?> type, String key, JsonElement value) {
		String text = Values.text(key, value, expected(type)).strip();
		for (Object constant : type.getEnumConstants()) {
			if (word(constant).equalsIgnoreCase(text.replace('-', '_'))) {
				return constant;
			}
		}
		throw Values.error(key, expected(type), value);
	}

	private static String expected(Class<?> type) {
		if (type.isEnum()) {
			List<String> words = Arrays.stream(type.getEnumConstants()).map(RecordReader::word).toList();
			return "one of " + String.join(", ", words);
		}
		if (type == Duration.class) {
			return Durations.EXPECTED;
		}
		if (type == Size.class) {
			return Size.EXPECTED;
		}
		return (type == String.class) ? "a string"
				: (type == boolean.class || type == Boolean.class) ? "true or false" : "a number";
	}

	private static String word(Object constant) {
		return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
	}

}
