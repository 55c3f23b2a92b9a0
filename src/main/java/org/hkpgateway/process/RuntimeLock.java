package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * One gateway's claim to a runtime directory: a locked file, whose lock the kernel
 * releases when the gateway dies, however it dies. Beside it a list of the launch
 * directories that exist, so that the next gateway removes those and nothing else.
 * Thread-safe.
 */
final class RuntimeLock implements AutoCloseable {

	private static final String LOCK = "gateway.lock";

	private static final String LIST = "gateway.launches";

	/** In directories that are not configured: nobody wants to keep anything there. */
	private static final String FRESH = "gateway.fresh";

	private static final Pattern LAUNCH = Pattern.compile("[0-9a-z]{6}");

	private static final int MOST_BYTES = 1 << 20;

	/** Closing any channel of a file ends this process's lock on it: never open two. */
	private static final Set<Path> CLAIMED = ConcurrentHashMap.newKeySet();

	private final Path directory;

	private final FileChannel channel;

	private final Set<String> names = new TreeSet<>();

	private RuntimeLock(Path directory, FileChannel channel) {
		this.directory = directory;
		this.channel = channel;
	}

	/**
	 * Claims a directory.
	 * @param directory its real path
	 * @throws IllegalArgumentException if another gateway has claimed it
	 */
	static RuntimeLock claim(Path directory) throws IOException {
		RuntimeLock claimed = claimIfFree(directory);
		if (claimed == null) {
			throw new IllegalArgumentException(
					"hkp.plugins.runtime-directory: expected: a directory that no other gateway uses, got: " + directory
							+ ", whose " + LOCK + " is held by a gateway that runs; give each its own");
		}
		return claimed;
	}

	/**
	 * Claims a directory and marks it as one that the next gateway may remove, in this
	 * order: one that starts at the same moment takes a marked one without a lock for
	 * left.
	 * @param directory the real path of one that was just made, and is not configured
	 */
	static RuntimeLock claimFresh(Path directory) throws IOException {
		RuntimeLock claimed = claim(directory);
		try {
			Files.createFile(directory.resolve(FRESH));
			return claimed;
		}
		catch (IOException ex) {
			claimed.close();
			throw ex;
		}
	}

	/**
	 * Claims a directory that a gateway without a configured one has made and left.
	 * @param directory its real path
	 * @return null if none has, or it lives
	 */
	static @Nullable RuntimeLock claimLeft(Path directory) throws IOException {
		return isFile(directory.resolve(LOCK)) && isOwnFile(directory.resolve(FRESH)) ? claimIfFree(directory) : null;
	}

	private static @Nullable RuntimeLock claimIfFree(Path directory) throws IOException {
		if (!CLAIMED.add(directory)) {
			return null;
		}
		// If not, somebody may have removed it under a gateway that lives.
		boolean trusted = isFile(directory.resolve(LOCK));
		FileChannel channel = null;
		RuntimeLock claimed = null;
		try {
			channel = FileChannel.open(directory.resolve(LOCK),
					Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE,
							LinkOption.NOFOLLOW_LINKS),
					PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
			FileLock lock = channel.tryLock();
			if (lock != null) {
				RuntimeLock locked = new RuntimeLock(directory, channel);
				if (trusted) {
					locked.read();
				}
				claimed = locked;
			}
			return claimed;
		}
		finally {
			if (claimed == null) {
				if (channel != null) {
					channel.close();
				}
				CLAIMED.remove(directory);
			}
		}
	}

	/** Somebody else's list would be a way to have directories removed. */
	private static boolean isOwnFile(Path file) throws IOException {
		return isFile(file) && Ownership.owner(file) == Ownership.self();
	}

	private static boolean isFile(Path file) {
		return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
	}

	private void read() throws IOException {
		Path list = this.directory.resolve(LIST);
		if (!isOwnFile(list)) {
			return;
		}
		try (InputStream input = Files.newInputStream(list, LinkOption.NOFOLLOW_LINKS)) {
			new String(input.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).lines()
				.filter(LAUNCH.asMatchPredicate())
				.forEach(this.names::add);
		}
	}

	/** The launch directories that an earlier gateway left. */
	synchronized List<Path> left() {
		return this.names.stream().map(this.directory::resolve).toList();
	}

	/** Remembers a launch directory; called before it is made. */
	synchronized void add(String name) throws IOException {
		if (this.names.add(name)) {
			write();
		}
	}

	/** Forgets a launch directory; called after it was removed. */
	synchronized void remove(String name) throws IOException {
		if (this.names.remove(name)) {
			write();
		}
	}

	/**
	 * Not through the channel of the lock: an interrupt would close that, and the lock
	 * with it.
	 */
	private void write() throws IOException {
		if (!this.channel.isOpen() || !isFile(this.directory.resolve(LOCK))) {
			// Without its lock's file nobody would know whose launches these are.
			return;
		}
		Path fresh = this.directory.resolve(LIST + ".new");
		Files.deleteIfExists(fresh);
		try (OutputStream output = Files.newOutputStream(fresh, StandardOpenOption.CREATE_NEW,
				StandardOpenOption.WRITE)) {
			output.write((String.join("\n", this.names) + "\n").getBytes(StandardCharsets.UTF_8));
		}
		Files.move(fresh, this.directory.resolve(LIST), StandardCopyOption.ATOMIC_MOVE);
	}

	@Override
	public synchronized void close() throws IOException {
		if (this.channel.isOpen()) {
			this.channel.close();
			CLAIMED.remove(this.directory);
		}
	}

}
