package org.hkpgateway.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/**
 * Values of TOML in words and in plain Java types.
 */
final class TomlValues {

	private static final int MOST_SHOWN = 60;

	private TomlValues() {
	}

	/** What a value is, for messages. */
	static String describe(Object value) {
		if (value instanceof String text) {
			String shown = (text.length() > MOST_SHOWN) ? text.substring(0, MOST_SHOWN) + "…" : text;
			return "a string (\"" + shown + "\")";
		}
		if (value instanceof Long) {
			return "an integer (" + value + ")";
		}
		if (value instanceof Double) {
			return "a float (" + value + ")";
		}
		if (value instanceof Boolean) {
			return "a boolean (" + value + ")";
		}
		if (value instanceof TomlTable) {
			return "a table";
		}
		if (value instanceof TomlArray) {
			return "a list";
		}
		return "a date or time (" + value + ")";
	}

	/** A table as a map, sorted so that equal tables give equal text. */
	static Map<String, Object> toMap(TomlTable table) {
		Map<String, Object> map = new TreeMap<>();
		for (String key : table.keySet()) {
			Object value = table.get(List.of(key));
			if (value != null) {
				map.put(key, plain(value));
			}
		}
		return map;
	}

	private static Object plain(Object value) {
		if (value instanceof TomlTable table) {
			return toMap(table);
		}
		if (value instanceof TomlArray array) {
			List<Object> list = new ArrayList<>(array.size());
			for (int i = 0; i < array.size(); i++) {
				list.add(plain(array.get(i)));
			}
			return list;
		}
		if (value instanceof String || value instanceof Number || value instanceof Boolean) {
			return value;
		}
		// Dates and times, whose own text is ISO 8601.
		return value.toString();
	}

}
