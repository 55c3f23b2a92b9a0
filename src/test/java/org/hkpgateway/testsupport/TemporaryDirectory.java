package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

import org.springframework.util.FileSystemUtils;

/**
 * Directories with short paths, because unix sockets in them may have at most 108 bytes.
 */
final class TemporaryDirectory {

	private static final Path SHORT_ROOT = Path.of("/tmp");

	private TemporaryDirectory() {
	}

	static Path create(String prefix) {
		try {
			Path root = Files.isWritable(SHORT_ROOT) ? SHORT_ROOT : Path.of(System.getProperty("java.io.tmpdir"));
			return Files.createTempDirectory(root, prefix);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Deletes a tree. Files that a program removes at the same time are no error. */
	static void delete(Path directory) {
		try {
			FileSystemUtils.deleteRecursively(directory);
		}
		catch (NoSuchFileException ex) {
			delete(directory);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
