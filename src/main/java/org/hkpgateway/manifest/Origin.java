package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.List;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginSource;

import org.jspecify.annotations.Nullable;

/**
 * What discovery knows of a plugin's process before the operator's settings are merged.
 */
sealed interface Origin {

	/**
	 * A program in a plugin directory.
	 *
	 * @param directory real path of the plugin's directory
	 * @param executable real path, inside {@code directory}
	 * @param named the executable as it was named, links not followed
	 * @param arguments command-line arguments
	 * @param handshake how it tells where it listens, null if nobody says
	 */
	record Program(Path directory, Path executable, Path named, List<String> arguments,
			@Nullable HandshakeMode handshake) implements Origin {

	}

	/**
	 * A process that somebody else starts.
	 *
	 * @param source where it is
	 */
	record Elsewhere(PluginSource source) implements Origin {

	}

}
