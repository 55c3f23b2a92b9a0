package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import org.hkpgateway.plugin.PluginId;

/**
 * Notices that files of plugins were replaced. Looks instead of listening, because a
 * listener misses what happens on network file systems and behind swapped links. A change
 * is reported only when it has lasted from one look to the next: a file that is being
 * copied changes at every look. For one thread.
 */
final class FileWatch {

	private final Supplier<Map<PluginId, List<Path>>> files;

	/** What each plugin's files were when it was last reported, or first seen. */
	private final Map<PluginId, List<Object>> known = new HashMap<>();

	/** What they were at the last look. */
	private final Map<PluginId, List<Object>> seen = new HashMap<>();

	/**
	 * Nothing is known yet: the first look reports nothing.
	 * @param files the files of each plugin, asked for at each look
	 */
	FileWatch(Supplier<Map<PluginId, List<Path>>> files) {
		this.files = files;
	}

	/**
	 * Looks at all files. Blocks as reading a directory does.
	 * @return the plugins whose files have changed and have come to rest
	 */
	Set<PluginId> look() {
		Map<PluginId, List<Path>> current = this.files.get();
		Set<PluginId> changed = new HashSet<>();
		current.forEach((id, paths) -> {
			List<Object> now = fingerprints(paths);
			List<Object> before = this.seen.put(id, now);
			List<Object> reported = this.known.putIfAbsent(id, now);
			if (reported != null && !now.equals(reported) && now.equals(before)) {
				this.known.put(id, now);
				changed.add(id);
			}
		});
		this.known.keySet().retainAll(current.keySet());
		this.seen.keySet().retainAll(current.keySet());
		return changed;
	}

	/**
	 * What the files are now. Blocks as reading a directory does.
	 * @return for {@link #accept}
	 */
	Map<PluginId, List<Object>> fingerprints() {
		Map<PluginId, List<Object>> now = new HashMap<>();
		this.files.get().forEach((id, paths) -> now.put(id, fingerprints(paths)));
		return now;
	}

	/**
	 * Takes changes for reported.
	 * @param plugins whose files have been read
	 * @param fingerprints taken before that: what changed later is still reported
	 */
	void accept(Set<PluginId> plugins, Map<PluginId, List<Object>> fingerprints) {
		for (PluginId id : plugins) {
			List<Object> read = fingerprints.get(id);
			if (read != null) {
				this.known.replace(id, read);
			}
		}
	}

	private static List<Object> fingerprints(List<Path> paths) {
		return paths.stream().map(FileWatch::fingerprint).toList();
	}

	/** A file that is not there has a fingerprint too: that of no file. */
	private static Object fingerprint(Path file) {
		try {
			BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
			return List.of(attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
		}
		catch (IOException ex) {
			return "none";
		}
	}

}
