package org.hkpgateway.plugin;

import java.util.regex.Pattern;

/**
 * The name of a plugin, unique in a gateway.
 *
 * @param name 1 to 64 characters: lower-case letters, digits, {@code -} and {@code _},
 * starting with a letter or digit
 */
public record PluginId(String name) implements Comparable<PluginId> {

	private static final Pattern VALID = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

	public PluginId {
		if (!VALID.matcher(name).matches()) {
			throw new IllegalArgumentException("plugin name: expected: 1 to 64 lower-case letters, digits, '-' or '_', "
					+ "starting with a letter or digit, got: '" + name + "'");
		}
	}

	@Override
	public int compareTo(PluginId other) {
		return this.name.compareTo(other.name);
	}

	@Override
	public String toString() {
		return this.name;
	}

}
