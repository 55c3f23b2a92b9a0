package org.hkpgateway.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a host socket. It belongs to whom the plugin's directory belongs to, and
 * only that user can connect.
 * <p>
 * It is made in a directory that the gateway alone can write, and moved when its owner is
 * set: in the plugin's directory another process of the plugin's user could put another
 * file in its place before a gateway that runs as root gives that file away.
 */
final class HostSocket {

	private static final Logger logger = LoggerFactory.getLogger(HostSocket.class);

	private static final String NAME = "host.sock";

	/** The kernel's limit is 108 with the byte that ends it. */
	private static final int MOST_PATH_BYTES = 107;

	private static final Set<PosixFilePermission> PRIVATE_DIRECTORY = PosixFilePermissions.fromString("rwx------");

	private static final Set<PosixFilePermission> PRIVATE_SOCKET = PosixFilePermissions.fromString("rw-------");

	private final Path directory;

	private final Path workshop;

	/**
	 * The socket of one launch; nothing is made yet.
	 * @param directory the plugin's, absolute
	 */
	HostSocket(Path directory) {
		this.directory = directory;
		this.workshop = directory.resolveSibling(directory.getFileName() + ".h");
	}

	/** Where the plugin finds it. */
	Path path() {
		return this.directory.resolve(NAME);
	}

	/**
	 * Makes it.
	 * @param listen makes a socket at the path that it is given
	 * @throws IOException if that, or what follows, is not possible; then there is no
	 * file left
	 */
	void make(Listen listen) throws IOException {
		int length = path().toString().getBytes(StandardCharsets.UTF_8).length;
		if (length > MOST_PATH_BYTES) {
			throw new IOException("expected: a path of at most " + MOST_PATH_BYTES + " bytes, got: " + length + ": "
					+ path() + "; set a shorter hkp.plugins.runtime-directory");
		}
		Files.createDirectory(this.workshop, PosixFilePermissions.asFileAttribute(PRIVATE_DIRECTORY));
		Path made = this.workshop.resolve("s");
		try {
			listen.at(made);
			Files.setPosixFilePermissions(made, PRIVATE_SOCKET);
			UserPrincipal owner = Files.getOwner(this.directory, LinkOption.NOFOLLOW_LINKS);
			if (!owner.equals(Files.getOwner(made, LinkOption.NOFOLLOW_LINKS))) {
				Files.setOwner(made, owner);
			}
			Files.move(made, path(), StandardCopyOption.ATOMIC_MOVE);
		}
		finally {
			remove(made);
			remove(this.workshop);
		}
	}

	/** Removes it, best effort: the directory is the plugin's. */
	void remove() {
		remove(path());
	}

	private static void remove(Path path) {
		try {
			Files.deleteIfExists(path);
		}
		catch (IOException ex) {
			logger.debug("Not removed: {}", ex.toString());
		}
	}

	/** Begins to listen. */
	@FunctionalInterface
	interface Listen {

		/**
		 * Makes a socket and listens.
		 * @param path where
		 * @throws IOException if it cannot
		 */
		void at(Path path) throws IOException;

	}

}
