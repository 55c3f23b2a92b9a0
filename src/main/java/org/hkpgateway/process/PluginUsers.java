package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;

/**
 * Gives each plugin a user of its own. A plugin keeps it while the gateway runs, and
 * beyond that as long as its data directory does, whose owner it is. Thread-safe.
 */
final class PluginUsers {

	private final UidRange range;

	private final Path data;

	private final Map<PluginId, Integer> given = new HashMap<>();

	/**
	 * Creates the allocation.
	 * @param range which users there are
	 * @param data holds the data directory of each plugin
	 */
	PluginUsers(UidRange range, Path data) {
		this.range = range;
		this.data = data;
	}

	/**
	 * The user of a plugin.
	 * @throws PluginStartException if none is left
	 * @throws IOException if the data directories cannot be examined
	 */
	synchronized int of(PluginId plugin) throws IOException {
		Integer known = this.given.get(plugin);
		if (known != null) {
			return known;
		}
		Map<String, Integer> owners = owners();
		Integer own = owners.remove(plugin.name());
		Set<Integer> taken = new HashSet<>(owners.values());
		taken.addAll(this.given.values());
		int uid = (own != null && this.range.contains(own) && !taken.contains(own)) ? own : lowest(plugin, taken);
		this.given.put(plugin, uid);
		return uid;
	}

	private int lowest(PluginId plugin, Set<Integer> taken) {
		for (int uid = this.range.first(); this.range.contains(uid); uid++) {
			if (!taken.contains(uid)) {
				return uid;
			}
		}
		throw new PluginStartException(plugin,
				"hkp.plugins.uid-range: expected: a user for each plugin, got: none left in " + this.range
						+ "; widen the range, or remove the directories in " + this.data
						+ " of plugins that are no longer used");
	}

	private Map<String, Integer> owners() throws IOException {
		Map<String, Integer> owners = new HashMap<>();
		try (DirectoryStream<Path> all = Files.newDirectoryStream(this.data)) {
			for (Path each : all) {
				owners.put(String.valueOf(each.getFileName()), Ownership.owner(each));
			}
		}
		return owners;
	}

}
