package org.hkpgateway.manifest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
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

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * Finds manifests, and executables without one, in plugin directories and one level
 * below. A directory with a manifest belongs to that plugin: no executable in it or below
 * it is offered on its own.
 */
final class PluginFiles {

	static final int MOST = 256;

	private static final String MANIFEST = "plugin.toml";

	private static final String BARE_PREFIX = "hkp-plugin-";

	private final List<Finding> findings;

	PluginFiles(List<Finding> findings) {
		this.findings = findings;
	}

	/** The name of a plugin that is nothing but an executable. */
	static PluginId bareName(Path file) {
		return new PluginId(fileName(file).substring(BARE_PREFIX.length()));
	}

	/** In the order of directories, then of paths; each file once. */
	List<PluginFile> find(List<Path> directories) {
		List<PluginFile> files = new ArrayList<>();
		Set<Path> seen = new HashSet<>();
		for (Path directory : directories) {
			for (PluginFile file : find(directory.toAbsolutePath().normalize())) {
				if (!seen.add(place(file.path()))) {
					continue;
				}
				if (files.size() == MOST) {
					this.findings.add(new Finding(Finding.Severity.ERROR, null, file.path(), 0,
							"expected: at most " + MOST + " plugins, got more: this one and all after it are ignored"));
					return files;
				}
				files.add(file);
			}
		}
		return files;
	}

	private List<PluginFile> find(Path root) {
		List<PluginFile> files = new ArrayList<>();
		List<Path> entries = list(root);
		boolean owned = exists(root.resolve(MANIFEST));
		if (owned) {
			files.add(new PluginFile(root, root.resolve(MANIFEST), false));
		}
		else {
			bare(root, entries, files);
		}
		// A leading dot marks what is not meant for us: editors' and version control's
		// own directories, and the ones in which Kubernetes swaps mounted files.
		for (Path entry : entries) {
			if (fileName(entry).startsWith(".") || !Files.isDirectory(entry) || !listable(entry)) {
				continue;
			}
			if (exists(entry.resolve(MANIFEST))) {
				files.add(new PluginFile(root, entry.resolve(MANIFEST), false));
			}
			else if (!owned) {
				bare(root, list(entry), files);
			}
		}
		return files;
	}

	private void bare(Path root, List<Path> entries, List<PluginFile> files) {
		for (Path entry : entries) {
			if (!fileName(entry).startsWith(BARE_PREFIX) || Files.isDirectory(entry)) {
				continue;
			}
			try {
				bareName(entry);
				files.add(new PluginFile(root, entry, true));
			}
			catch (IllegalArgumentException ex) {
				// Something beside a plugin, such as its checksum, is no executable.
				if (Files.isExecutable(entry)) {
					this.findings.add(new Finding(Finding.Severity.WARNING, null, entry, 0,
							"is ignored, because what follows '" + BARE_PREFIX + "' is no name: " + ex.getMessage()));
				}
			}
		}
	}

	/** A link that leads nowhere counts: its plugin is missed and should be reported. */
	private static boolean exists(Path file) {
		return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
	}

	private List<Path> list(Path directory) {
		try (Stream<Path> entries = Files.list(directory)) {
			return entries.sorted().toList();
		}
		catch (IOException ex) {
			warn(directory, reason(ex));
		}
		catch (UncheckedIOException ex) {
			warn(directory, reason(ex.getCause()));
		}
		return List.of();
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

	/** The file itself may be a link, and two links are two plugins. */
	private static Path place(Path file) {
		try {
			return file.resolveSibling("").toRealPath().resolve(file.getFileName());
		}
		catch (IOException ex) {
			return file;
		}
	}

	private static String fileName(Path file) {
		return String.valueOf(file.getFileName());
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
		if (ex instanceof FileSystemLoopException) {
			return "a link that leads back to itself";
		}
		return String.valueOf(ex);
	}

}
