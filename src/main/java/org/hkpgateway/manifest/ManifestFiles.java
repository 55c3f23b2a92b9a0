package org.hkpgateway.manifest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Finds manifest files below plugin directories.
 */
final class ManifestFiles {

	static final int MOST = 256;

	private static final String NAME = "plugin.toml";

	private final List<Finding> findings;

	ManifestFiles(List<Finding> findings) {
		this.findings = findings;
	}

	/** In the order of directories, then of paths; each file once. */
	List<Path> find(List<Path> directories) {
		List<Path> files = new ArrayList<>();
		Set<Path> seen = new HashSet<>();
		for (Path directory : directories) {
			for (Path file : find(directory.toAbsolutePath().normalize())) {
				if (!seen.add(real(file))) {
					continue;
				}
				if (files.size() == MOST) {
					this.findings.add(new Finding(Finding.Severity.ERROR, null, file, 0,
							"expected: at most " + MOST + " plugins, got more: this one and all after it are ignored"));
					return files;
				}
				files.add(file);
			}
		}
		return files;
	}

	private List<Path> find(Path directory) {
		List<Path> files = new ArrayList<>();
		if (exists(directory.resolve(NAME))) {
			files.add(directory.resolve(NAME));
		}
		// A leading dot marks what is not meant for us: editors' and version control's
		// own directories, and the ones in which Kubernetes swaps mounted files.
		try (Stream<Path> entries = Files.list(directory)) {
			entries.filter((entry) -> !entry.getFileName().toString().startsWith("."))
				.filter(Files::isDirectory)
				.filter(this::listable)
				.map((entry) -> entry.resolve(NAME))
				.filter(ManifestFiles::exists)
				.sorted()
				.forEach(files::add);
		}
		catch (IOException ex) {
			warn(directory, reason(ex));
		}
		catch (UncheckedIOException ex) {
			warn(directory, reason(ex.getCause()));
		}
		return files;
	}

	/** A link that leads nowhere counts: its plugin is missed and should be reported. */
	private static boolean exists(Path file) {
		return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
	}

	private boolean listable(Path directory) {
		boolean listable = Files.isExecutable(directory);
		if (!listable) {
			warn(directory, "permission denied");
		}
		return listable;
	}

	private void warn(Path directory, String reason) {
		this.findings.add(new Finding(Finding.Severity.WARNING, null, directory, 0,
				"expected: a readable directory with plugins, got: " + reason
						+ "; create it, or take it out of hkp.plugins.directories"));
	}

	private static Path real(Path file) {
		try {
			return file.toRealPath();
		}
		catch (IOException ex) {
			return file;
		}
	}

	static String reason(@Nullable Throwable ex) {
		if (ex instanceof NoSuchFileException) {
			return "no such file or directory";
		}
		if (ex instanceof NotDirectoryException) {
			return "not a directory";
		}
		if (ex instanceof AccessDeniedException) {
			return "permission denied";
		}
		return String.valueOf(ex);
	}

}
