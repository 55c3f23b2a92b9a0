package org.hkpgateway.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Typed access to one table of a manifest. A value of the wrong type is an error in the
 * findings and reads as absent, so that one reading reports everything.
 */
final class Fields {

	private final TomlTable table;

	private final String name;

	private final int line;

	private final Findings findings;

	/**
	 * Wraps a table.
	 * @param table the table
	 * @param name how messages call it
	 * @param line where its header stands
	 * @param findings where faults go
	 */
	Fields(TomlTable table, String name, int line, Findings findings) {
		this.table = table;
		this.name = name;
		this.line = line;
		this.findings = findings;
	}

	/** The line of a key, or of the table's header if there is no such key. */
	int line(String key) {
		TomlPosition position = this.table.inputPositionOf(List.of(key));
		return (position != null) ? position.line() : this.line;
	}

	boolean has(String key) {
		return this.table.get(List.of(key)) != null;
	}

	boolean isTable(String key) {
		return this.table.get(List.of(key)) instanceof TomlTable;
	}

	@Nullable String string(String key) {
		return value(key, String.class, "a string");
	}

	@Nullable Boolean bool(String key) {
		return value(key, Boolean.class, "true or false");
	}

	@Nullable TomlTable table(String key) {
		return value(key, TomlTable.class, "a table");
	}

	/** A string that must be there and not be blank. */
	@Nullable String required(String key) {
		if (!has(key)) {
			error(key, "is missing; expected: a string");
			return null;
		}
		String text = string(key);
		if (text != null && text.isBlank()) {
			error(key, "expected: a string that is not blank, got: \"" + text + "\"");
			return null;
		}
		return text;
	}

	@Nullable Integer integer(String key, int lowest, int highest) {
		Long number = value(key, Long.class, "an integer");
		if (number == null) {
			return null;
		}
		if (number < lowest || number > highest) {
			error(key, "expected: " + lowest + " to " + highest + ", got: " + number);
			return null;
		}
		return number.intValue();
	}

	/**
	 * A list of strings. Manifests of the earlier generation write a table of booleans
	 * instead, which means the keys that are true.
	 */
	List<Item> strings(String key) {
		if (this.table.get(List.of(key)) instanceof TomlTable flags) {
			return flags(key, flags);
		}
		TomlArray array = value(key, TomlArray.class, "a list of strings");
		List<Item> items = new ArrayList<>();
		for (int i = 0; array != null && i < array.size(); i++) {
			int itemLine = array.inputPositionOf(i).line();
			if (array.get(i) instanceof String text) {
				items.add(new Item(text, itemLine));
			}
			else {
				this.findings.error(itemLine, this.name + "." + key + "[" + i + "]: expected: a string, got: "
						+ TomlValues.describe(array.get(i)));
			}
		}
		return items;
	}

	private List<Item> flags(String key, TomlTable flags) {
		List<Item> items = new ArrayList<>();
		Fields fields = new Fields(flags, this.name + "." + key, line(key), this.findings);
		for (String flag : flags.keySet()) {
			if (Boolean.TRUE.equals(fields.bool(flag))) {
				items.add(new Item(flag, fields.line(flag)));
			}
		}
		return items;
	}

	/** Warns of keys that are not among the known ones. */
	void warnOfOthers(Set<String> known) {
		for (String key : this.table.keySet()) {
			if (!known.contains(key)) {
				boolean isTable = this.table.get(List.of(key)) instanceof TomlTable;
				this.findings.warning(line(key), "unknown " + (isTable ? "table" : "key") + " '" + qualified(key)
						+ "' is ignored; its own settings a plugin finds in [plugin.config]");
			}
		}
	}

	void error(String key, String message) {
		this.findings.error(line(key), qualified(key) + ": " + message);
	}

	private String qualified(String key) {
		return this.name.isEmpty() ? key : this.name + "." + key;
	}

	private <T> @Nullable T value(String key, Class<T> type, String expected) {
		Object value = this.table.get(List.of(key));
		if (value == null) {
			return null;
		}
		if (!type.isInstance(value)) {
			error(key, "expected: " + expected + ", got: " + TomlValues.describe(value));
			return null;
		}
		return type.cast(value);
	}

	/**
	 * One string of a list.
	 *
	 * @param text the string
	 * @param line where it stands
	 */
	record Item(String text, int line) {

	}

}
