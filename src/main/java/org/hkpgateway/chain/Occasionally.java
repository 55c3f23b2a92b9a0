package org.hkpgateway.chain;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

import org.hkpgateway.log.SparseLines;
import org.hkpgateway.plugin.PluginId;

/**
 * Does something at most once in a while for each plugin, and counts how often it was not
 * done: for lines of the log that clients could cause at will. Thread-safe.
 */
final class Occasionally {

	private final LongSupplier nanoTime;

	private final Map<PluginId, SparseLines> lines = new ConcurrentHashMap<>();

	Occasionally(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	/**
	 * Does it, or counts it.
	 * @param plugin for which plugin
	 * @param action given how often it was not done since the last time
	 */
	void run(PluginId plugin, LongConsumer action) {
		this.lines.computeIfAbsent(plugin, (key) -> new SparseLines(this.nanoTime)).write(action);
	}

}
