package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;

import org.hkpgateway.plugin.PluginId;

/**
 * A name in a plugin's own namespace. A value, a counter and a bucket may have the same
 * one: they are different things.
 *
 * @param plugin whose namespace
 * @param name 1 to 256 bytes of UTF-8
 */
public record StateKey(PluginId plugin, String name) {

	/** The longest name, in bytes of UTF-8. */
	public static final int MOST_BYTES = 256;

	public StateKey {
		int bytes = name.getBytes(StandardCharsets.UTF_8).length;
		if (bytes < 1 || bytes > MOST_BYTES) {
			throw new IllegalArgumentException(
					"key: expected: 1 to " + MOST_BYTES + " bytes of UTF-8, got: " + bytes + " bytes");
		}
	}

	/** How long the name is, in bytes. */
	int bytes() {
		return this.name.getBytes(StandardCharsets.UTF_8).length;
	}

}
