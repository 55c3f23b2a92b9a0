package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;

/**
 * Specifications of plugins for tests, and scripts to run as such.
 */
final class TestPlugins {

	/** {@code hello} makes a socket, as far as a shell can, and shakes hands. */
	private static final String PRELUDE = """
			#!/bin/sh
			hello() {
				ln "$SOCKET" "$PLUGIN_UNIX_SOCKET_DIR/p.sock"
				echo "1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/p.sock|grpc"
			}
			""";

	private TestPlugins() {
	}

	static PluginSpec spec(Map<String, String> environment) {
		return spec("fake", Path.of("/"), Path.of("/bin/true"), List.of(), environment);
	}

	static PluginSpec spec(String name, Path directory, Path executable, List<String> arguments,
			Map<String, String> environment) {
		return TestSpec.named(name).executable(directory, executable, arguments).environment(environment).build();
	}

	/** A plugin that is a shell script. */
	static PluginSpec script(Path directory, Path socket, String body, String... arguments) throws IOException {
		Path file = executable(directory.resolve("plugin.sh"), PRELUDE + body + "\n");
		return spec("fake", directory, file, List.of(arguments), Map.of("SOCKET", socket.toString()));
	}

	static Path executable(Path file, String text) throws IOException {
		Files.writeString(file, text);
		return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

}
