package org.hkpgateway.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.manifest.PlainText;

/**
 * Directories given on the command line. One that does not exist is a mistake, not a
 * warning as in the configuration: a check of nothing must not succeed.
 */
final class Directories {

	private Directories() {
	}

	static List<Path> of(List<String> names) throws UsageException {
		if (names.isEmpty()) {
			throw new UsageException("expected: a directory, got: nothing");
		}
		List<Path> directories = new ArrayList<>();
		for (String name : names) {
			directories.add(directory(name));
		}
		return directories;
	}

	private static Path directory(String name) throws UsageException {
		String shown = "'" + PlainText.of(name) + "'";
		if (name.startsWith("-")) {
			throw new UsageException("expected: a directory, got: the option " + shown + ", which it does not have");
		}
		try {
			Path directory = Path.of(name);
			if (!name.isEmpty() && Files.isDirectory(directory)) {
				return directory;
			}
			throw new UsageException("expected: a directory, got: " + shown
					+ (Files.exists(directory) ? ", which is none" : ", which does not exist"));
		}
		catch (InvalidPathException ex) {
			throw new UsageException("expected: a directory, got: " + shown + ", which is no path");
		}
	}

}
