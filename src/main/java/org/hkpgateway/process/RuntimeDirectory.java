package org.hkpgateway.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory that holds a private directory for each launch, and one for the data of
 * each plugin. Paths are kept short because those of sockets are limited.
 */
final class RuntimeDirectory {

	/** What a plugin may add: a separator and go-plugin's {@code plugin0123456789}. */
	private static final int SOCKET_NAME_BYTES = 18;

	private static final int LAUNCH_NAME_BYTES = 7;

	private static final int TEMPORARY_NAME_BYTES = 4;

	private static final int MOST_BYTES = Handshake.MOST_SOCKET_PATH_BYTES - SOCKET_NAME_BYTES - LAUNCH_NAME_BYTES
			- TEMPORARY_NAME_BYTES;

	private static final Logger log = LoggerFactory.getLogger(RuntimeDirectory.class);

	private final Path path;

	private final boolean own;

	private RuntimeDirectory(Path path, boolean own) {
		this.path = path;
		this.own = own;
	}

	/**
	 * Opens the configured directory, or makes a fresh one.
	 * @throws IllegalArgumentException if the configured one cannot be used
	 * @throws UncheckedIOException if a directory cannot be made
	 */
	static RuntimeDirectory open(@Nullable Path configured) {
		try {
			if (configured == null) {
				return new RuntimeDirectory(
						createShort(Path.of(System.getProperty("java.io.tmpdir")).toRealPath(), "hkp-"), true);
			}
			Files.createDirectories(configured.toAbsolutePath(), privately());
			Path real = configured.toRealPath();
			check(real);
			return new RuntimeDirectory(real, false);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("the runtime directory for plugins cannot be made: " + ex, ex);
		}
	}

	private static void check(Path path) throws IOException {
		int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
		if (length > MOST_BYTES) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: at most " + MOST_BYTES
					+ " bytes, because the paths of sockets below it are limited to " + Handshake.MOST_SOCKET_PATH_BYTES
					+ ", got: " + length + ": " + path);
		}
		if (path.toString().matches("(?s).*[|\\p{Cntrl}].*")) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: a path without '|' and "
					+ "control characters, which handshakes cannot hold, got: " + Printable.escape(path.toString()));
		}
		if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
			int mode = (Integer) Files.getAttribute(path, "unix:mode");
			boolean sticky = (mode & 01000) != 0;
			if ((mode & 022) != 0 && !sticky) {
				throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: a directory that only "
						+ "its owner can write, got: " + path + " with mode %o".formatted(mode & 07777));
			}
		}
	}

	/** Makes the directories of one launch: the data directory may be there already. */
	PluginEnvironment.LaunchDirectories create(PluginId plugin) throws IOException {
		Path data = Files.createDirectories(this.path.resolve("data").resolve(plugin.name()), privately());
		Path sockets = createShort(this.path, "");
		return new PluginEnvironment.LaunchDirectories(sockets,
				Files.createDirectory(sockets.resolve("tmp"), privately()), data);
	}

	/** Removes what a launch has left, the data directory excepted. */
	void remove(PluginEnvironment.LaunchDirectories directories) {
		delete(directories.sockets());
	}

	/** Removes everything, if this directory is the gateway's own. */
	void close() {
		if (this.own) {
			delete(this.path);
		}
	}

	private static Path createShort(Path parent, String prefix) throws IOException {
		SecureRandom random = new SecureRandom();
		while (true) {
			String name = prefix + Long.toString(random.nextLong(60_466_176L, 2_176_782_336L), 36);
			try {
				return Files.createDirectory(parent.resolve(name), privately());
			}
			catch (FileAlreadyExistsException ex) {
				log.trace("Of two thousand million names this one is taken: {}", name);
			}
		}
	}

	private static FileAttribute<?> privately() {
		return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
	}

	/** Best effort: a plugin that is still there may be writing. */
	private static void delete(Path tree) {
		try {
			Files.walkFileTree(tree, new SimpleFileVisitor<>() {

				@Override
				public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
					Files.deleteIfExists(file);
					return FileVisitResult.CONTINUE;
				}

				@Override
				public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
						throws IOException {
					Files.deleteIfExists(directory);
					return FileVisitResult.CONTINUE;
				}

			});
		}
		catch (IOException ex) {
			log.debug("Not removed: {}", ex.toString());
		}
	}

}
