package org.hkpgateway.plugin;

import java.util.regex.Pattern;

/**
 * The name of a plugin, unique in a gateway.
 *
 * @param name 1 to 64 characters: lower-case letters, digits, {@code -} and {@code _},
 * starting with a letter or digit; not {@code gateway}, who speaks for itself
 */
public record PluginId(String name) implements Comparable<PluginId> {

	private static final Pattern VALID = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

	/** Source of the gateway's own events. */
	private static final String RESERVED = "gateway";

	public PluginId {
		if (!VALID.matcher(name).matches()) {
			throw new IllegalArgumentException("plugin name: expected: 1 to 64 lower-case letters, digits, '-' or '_', "
					+ "starting with a letter or digit, got: '" + name + "'");
		}
		if (name.equals(RESERVED)) {
			throw new IllegalArgumentException("plugin name: expected: another one than the gateway's own, got: '"
					+ name + "'; rename the plugin");
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
