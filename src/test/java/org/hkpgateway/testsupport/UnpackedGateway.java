package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * The gateway's jar unpacked by its own {@code -Djarmode=tools}, with an archive of the
 * classes that a gateway loads, and libraries without signatures for its sake: in half
 * the time it has started. Kept in {@code target/unpacked-gateway} until the jar or Java
 * changes.
 */
final class UnpackedGateway {

	private static final String JAR = "hkp-gateway.jar";

	private static final String ARCHIVE = "hkp-gateway.jsa";

	private static final Duration DEADLINE = Duration.ofMinutes(2);

	private static @Nullable List<String> options;

	private UnpackedGateway() {
	}

	/** The jar as the build has made it. */
	static Path jar() {
		return GatewayProcess.root().resolve("target").resolve(JAR).toAbsolutePath().normalize();
	}

	/** Options of {@code java} that start it; unpacks it if need be. */
	static synchronized List<String> options() {
		if (options == null) {
			options = optionsOf(unpack());
		}
		return options;
	}

	private static Path unpack() {
		try {
			return MadeOnce.in(jar().resolveSibling("unpacked-gateway"),
					SourceDigest.of(jar()) + " bare " + System.getProperty("java.home") + " " + Runtime.version(),
					UnpackedGateway::make);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<String> optionsOf(Path directory) {
		return List.of("-XX:SharedArchiveFile=" + directory.resolve(ARCHIVE), "-jar",
				directory.resolve(JAR).toString());
	}

	private static void make(Path directory) throws IOException {
		Path archive = directory.resolve(ARCHIVE);
		Files.deleteIfExists(archive);
		Files.deleteIfExists(directory.resolve(JAR));
		FileSystemUtils.deleteRecursively(directory.resolve("lib"));
		Command
			.run(directory, DEADLINE, new byte[0],
					List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djarmode=tools",
							"-jar", jar().toString(), "extract", "--destination", directory.toString(), "--force"))
			.orFail();
		removeSignatures(directory.resolve("lib"));
		List<String> options = List.of("-XX:ArchiveClassesAtExit=" + archive, "-jar",
				directory.resolve(JAR).toString());
		try (GatewayProcess gateway = GatewayProcess.startAs(options,
				"hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true")) {
			RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n");
			List.of("health", "plugins/antiabuse", "metrics").forEach(gateway::actuator);
			gateway.stop();
			if (!Files.exists(archive)) {
				throw new AssertionError("expected: an archive of classes, got: this log\n" + gateway.log());
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** Classes of signed jars cannot be in an archive. */
	private static void removeSignatures(Path library) throws IOException {
		try (Stream<Path> jars = Files.list(library)) {
			for (Path jar : jars.toList()) {
				if (UnsignedJars.signed(jar)) {
					Path unsigned = jar.resolveSibling("unsigned");
					UnsignedJars.copy(jar, unsigned);
					Files.move(unsigned, jar, StandardCopyOption.REPLACE_EXISTING);
				}
			}
		}
	}

}
