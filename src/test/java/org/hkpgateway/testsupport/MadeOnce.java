package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What takes long to make and is then used by many tests: made by the first that asks, in
 * whatever JVM, while the others wait, and again only when what it is made from has
 * changed.
 */
public final class MadeOnce {

	private MadeOnce() {
	}

	/**
	 * Makes it, or finds it made.
	 * @param directory where it is kept; what an earlier version left there stays
	 * @param from names the version of what it is made from
	 * @param maker makes it
	 * @return the directory
	 */
	public static synchronized Path in(Path directory, String from, Maker maker) {
		try {
			Files.createDirectories(directory);
			Path stamp = directory.resolve("built-from");
			try (FileChannel channel = FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE,
					StandardOpenOption.WRITE); FileLock lock = channel.lock()) {
				if (!Files.exists(stamp) || !Files.readString(stamp).equals(from)) {
					Files.deleteIfExists(stamp);
					maker.make(directory);
					Files.writeString(stamp, from);
				}
			}
			return directory;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Makes something in a directory. */
	@FunctionalInterface
	public interface Maker {

		void make(Path directory) throws IOException;

	}

}
