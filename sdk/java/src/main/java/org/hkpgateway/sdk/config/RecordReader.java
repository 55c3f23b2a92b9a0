package org.hkpgateway.sdk.config;

import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
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
import java.util.function.Supplier;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of tables: the component {@code shortestSearch} is the key
 * {@code shortest_search}. Collects the keys that no component has, and everything that
 * is wrong, so that the operator need not come back for each of it.
 */
final class RecordReader {

	/** In place of a value that could not be read; the problem is noted. */
	private static final Object WRONG = new Object();

	private final Set<String> unknown = new TreeSet<>();

	private final List<ConfigException> problems = new ArrayList<>();

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
		Object made = table(type, prefix, table);
		if (!this.problems.isEmpty()) {
			throw ConfigException.together(this.problems);
		}
		return type.cast(made);
	}

	private Object table(Class<?> type, String prefix, JsonObject table) {
		RecordComponent[] components = type.getRecordComponents();
		if (components == null) {
			throw new IllegalArgumentException("expected: a record, got: " + type.getName());
		}
		int before = this.problems.size();
		Set<String> left = new TreeSet<>(table.keySet());
		@Nullable Object[] values = new Object[components.length];
		for (int i = 0; i < values.length; i++) {
			RecordComponent component = components[i];
			String name = key(component.getName());
			left.remove(name);
			values[i] = component(component, prefix + name, table.get(name));
		}
		left.forEach((key) -> this.unknown.add(prefix + key));
		return (this.problems.size() > before) ? WRONG : noting(() -> make(type, prefix, components, values));
	}

	private Object noting(Supplier<Object> reading) {
		try {
			return reading.get();
		}
		catch (ConfigException ex) {
			this.problems.add(ex);
			return WRONG;
		}
	}

	/** For example {@code shortest_search} of {@code shortestSearch}. */
	static String key(String component) {
		return component.replaceAll("([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", "$1$3_$2$4").toLowerCase(Locale.ROOT);
	}

	private static Object make(Class<?> type, String prefix, RecordComponent[] components, @Nullable Object[] values) {
		Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
		try {
			Constructor<?> constructor = type.getDeclaredConstructor(types);
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
		Bounds bounds = Bounds.of(component, key);
		Default fallback = component.getAnnotation(Default.class);
		if (value != null && !value.isJsonNull()) {
			return value(component.getGenericType(), bounds, key, value);
		}
		if (fallback != null) {
			return value(component.getGenericType(), bounds, key, new JsonPrimitive(fallback.value()));
		}
		return absent(component, bounds, key);
	}

	private @Nullable Object absent(RecordComponent component, Bounds bounds, String key) {
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
			return table(type, key + ".", new JsonObject());
		}
		if (isNullable(component.getAnnotatedType())) {
			return null;
		}
		this.problems.add(Values.error(key, bounds.words(type), null));
		return WRONG;
	}

	private static boolean isNullable(AnnotatedType type) {
		return type.isAnnotationPresent(Nullable.class);
	}

	private Object value(Type type, Bounds bounds, String key, JsonElement value) {
		if (type instanceof ParameterizedType generic) {
			return generic(generic, bounds, key, value);
		}
		Class<?> plain = (Class<?>) type;
		if (plain.isRecord() && plain != Size.class) {
			return value.isJsonObject() ? table(plain, key + ".", value.getAsJsonObject()) : noTable(key, value);
		}
		return noting(() -> bounds.read(plain, key, value));
	}

	private Object generic(ParameterizedType type, Bounds bounds, String key, JsonElement value) {
		Type[] arguments = type.getActualTypeArguments();
		if (type.getRawType() == Optional.class) {
			return Optional.of(value(arguments[0], bounds, key, value));
		}
		if (type.getRawType() == List.class) {
			return noting(() -> {
				List<Object> items = new ArrayList<>();
				for (JsonElement item : Values.items(key, value)) {
					items.add(value(arguments[0], bounds, key + "[" + items.size() + "]", item));
				}
				return List.copyOf(items);
			});
		}
		if (type.getRawType() == Map.class && arguments[0] == String.class) {
			if (!value.isJsonObject()) {
				return noTable(key, value);
			}
			Map<String, Object> entries = new LinkedHashMap<>();
			value.getAsJsonObject()
				.asMap()
				.forEach((name, item) -> entries.put(name, value(arguments[1], bounds, key + "." + name, item)));
			return Collections.unmodifiableMap(entries);
		}
		throw new IllegalArgumentException(
				"component of key '" + key + "': expected: List, Optional or Map<String, …>, got: " + type);
	}

	private Object noTable(String key, JsonElement value) {
		this.problems.add(Values.error(key, Values.TABLE, value));
		return WRONG;
	}

}
