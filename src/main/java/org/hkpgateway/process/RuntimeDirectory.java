package org.hkpgateway.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;

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

	/** Of directories that are not configured. */
	private static final String PREFIX = "hkp-";

	private static final int LAUNCH_NAME_BYTES = 7;

	private static final int TEMPORARY_NAME_BYTES = 4;

	private static final int MOST_BYTES = HandshakeAddress.MOST_SOCKET_PATH_BYTES - SOCKET_NAME_BYTES
			- LAUNCH_NAME_BYTES - TEMPORARY_NAME_BYTES;

	/** For parents of what belongs to plugins: passed through, but not listed. */
	private static final Set<PosixFilePermission> TRAVERSABLE = PosixFilePermissions.fromString("rwx--x--x");

	private static final Logger log = LoggerFactory.getLogger(RuntimeDirectory.class);

	private final Path path;

	private final boolean own;

	private final RuntimeLock lock;

	private RuntimeDirectory(Path path, boolean own, RuntimeLock lock) {
		this.path = path;
		this.own = own;
		this.lock = lock;
	}

	/**
	 * Opens the configured directory, or makes a fresh one. Of a gateway that was killed,
	 * on the same directory or on a fresh one beside, ends the processes of its launches
	 * and removes their directories.
	 * @param configured null for a fresh one
	 * @param users whether other users, those of plugins, must reach what is theirs
	 * @param asUser what runs a command as another user
	 * @throws IllegalArgumentException if the configured one cannot be used
	 * @throws UncheckedIOException if a directory cannot be made
	 */
	static RuntimeDirectory open(@Nullable Path configured, boolean users, IntFunction<List<String>> asUser) {
		try {
			Path path = (configured != null) ? configured(configured, users) : fresh(asUser);
			RuntimeLock lock = (configured != null) ? RuntimeLock.claim(path) : RuntimeLock.claimFresh(path);
			RuntimeDirectory directory = new RuntimeDirectory(path, configured == null, lock);
			try {
				directory.clear(asUser);
				directory.prepare(users);
			}
			catch (IOException | RuntimeException ex) {
				directory.close();
				throw ex;
			}
			return directory;
		}
		catch (IOException ex) {
			throw new UncheckedIOException("the runtime directory for plugins cannot be made: " + ex.getMessage(), ex);
		}
	}

	private static Path fresh(IntFunction<List<String>> asUser) throws IOException {
		Path parent = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
		KilledGateway.removeFresh(parent, PREFIX + "??????", asUser);
		return createShort(parent, PREFIX, (name) -> {
		});
	}

	private static Path configured(Path path, boolean users) throws IOException {
		boolean made = !Files.exists(path);
		Files.createDirectories(path.toAbsolutePath(), privately());
		Path real = path.toRealPath();
		check(real);
		if (made && users) {
			Files.setPosixFilePermissions(real, TRAVERSABLE);
		}
		if (users && !Files.getPosixFilePermissions(real).contains(PosixFilePermission.OTHERS_EXECUTE)) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: a directory that the users of "
					+ "hkp.plugins.uid-range may pass through, got: " + real + " with mode "
					+ PosixFilePermissions.toString(Files.getPosixFilePermissions(real)) + "; chmod 711 it");
		}
		return real;
	}

	/** To be called before this gateway's first launch: all are of another. */
	private void clear(IntFunction<List<String>> asUser) {
		List<Path> launches = this.lock.left();
		KilledGateway.endProcesses(launches, asUser);
		for (Path stale : launches) {
			log.info("Removing {}, left by a gateway that was killed", stale);
			// The host service prepares its socket beside the launch directory.
			delete(stale.resolveSibling(stale.getFileName() + ".h"));
			removeLaunch(stale);
		}
	}

	private void prepare(boolean users) throws IOException {
		checkOwner(directory(data()));
		if (users) {
			Files.setPosixFilePermissions(data(), TRAVERSABLE);
			if (this.own) {
				Files.setPosixFilePermissions(this.path, TRAVERSABLE);
			}
		}
	}

	/** Holds the data directory of each plugin. */
	Path data() {
		return this.path.resolve("data");
	}

	private static void check(Path path) throws IOException {
		int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
		if (length > MOST_BYTES) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: at most " + MOST_BYTES
					+ " bytes, because the paths of sockets below it are limited to "
					+ HandshakeAddress.MOST_SOCKET_PATH_BYTES + ", got: " + length + ": " + path);
		}
		if (path.toString().matches("(?s).*[|\\p{Cntrl}].*")) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: a path without '|' and "
					+ "control characters, which handshakes cannot hold, got: " + Printable.escape(path.toString()));
		}
		if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
			int mode = (Integer) Files.getAttribute(path, "unix:mode");
			// Sticky or not: somebody could put a data directory there first.
			if ((mode & 022) != 0) {
				throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: a directory that only "
						+ "its owner can write, got: " + path + " with mode %o".formatted(mode & 07777)
						+ "; chmod go-w it, or name one below it");
			}
			checkOwner(path);
		}
	}

	private static void checkOwner(Path directory) throws IOException {
		int owner = Ownership.owner(directory);
		if (owner != 0 && owner != Ownership.self()) {
			throw new IllegalArgumentException("hkp.plugins.runtime-directory: expected: " + directory
					+ " to belong to root or to the gateway's user " + Ownership.self() + ", got: user " + owner
					+ "; chown it, or name another");
		}
	}

	/** Makes a directory if there is none; a link to one will not do. */
	private static Path directory(Path path) throws IOException {
		try {
			Files.createDirectory(path, privately());
		}
		catch (FileAlreadyExistsException ex) {
			if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
				throw new IOException("expected: " + path + " to be a directory, got: a link or a file; move it away",
						ex);
			}
		}
		return path;
	}

	/**
	 * Makes the directories of one launch: the data directory may be there already.
	 * @param user whose they become; empty for the gateway's
	 */
	PluginEnvironment.LaunchDirectories create(PluginId plugin, OptionalInt user) throws IOException {
		Path data = directory(data().resolve(plugin.name()));
		Path sockets = createShort(this.path, "", this.lock::add);
		Path temporary = Files.createDirectory(sockets.resolve("tmp"), privately());
		if (user.isPresent()) {
			Ownership.give(data, user.getAsInt());
			Ownership.give(sockets, user.getAsInt());
		}
		return new PluginEnvironment.LaunchDirectories(this.path, sockets, temporary, data);
	}

	/** Removes what a launch has left, the data directory excepted. */
	void remove(PluginEnvironment.LaunchDirectories directories) {
		removeLaunch(directories.sockets());
	}

	private void removeLaunch(Path directory) {
		delete(directory);
		if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
			// Remembered, for the next gateway to try.
			return;
		}
		try {
			this.lock.remove(String.valueOf(directory.getFileName()));
		}
		catch (IOException ex) {
			log.debug("Not forgotten: {}", ex.toString());
		}
	}

	/** Releases the directory, and removes it if it is the gateway's own. */
	void close() {
		if (this.own) {
			delete(this.path);
		}
		try {
			this.lock.close();
		}
		catch (IOException ex) {
			log.debug("Not closed: {}", ex.toString());
		}
	}

	private static Path createShort(Path parent, String prefix, NameListener before) throws IOException {
		SecureRandom random = new SecureRandom();
		while (true) {
			String name = prefix + Long.toString(random.nextLong(60_466_176L, 2_176_782_336L), 36);
			if (Files.exists(parent.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
				// Must not be remembered as one that the gateway made.
				continue;
			}
			try {
				before.accept(name);
				return Files.createDirectory(parent.resolve(name), privately());
			}
			catch (FileAlreadyExistsException ex) {
				log.trace("Of two thousand million names this one is taken: {}", name);
			}
		}
	}

	/** Learns of a directory before it is made. */
	private interface NameListener {

		void accept(String name) throws IOException;

	}

	private static FileAttribute<?> privately() {
		return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
	}

	/** Best effort: a plugin that is still there may be writing. */
	private static void delete(Path tree) {
		try {
			TreeRemoval.remove(tree);
		}
		catch (IOException ex) {
			log.debug("Not removed: {}", ex.toString());
		}
	}

}
