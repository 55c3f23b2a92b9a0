package org.hkpgateway.chain;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.PluginId;

/**
 * Does something at most once in a while for each plugin, and counts how often it was not
 * done: for lines of the log that clients could cause at will. Thread-safe.
 */
final class Occasionally {

	private final long intervalNanos;

	private final LongSupplier nanoTime;

	private final Map<PluginId, Turn> turns = new ConcurrentHashMap<>();

	Occasionally(Duration interval, LongSupplier nanoTime) {
		this.intervalNanos = interval.toNanos();
		this.nanoTime = nanoTime;
	}

	/**
	 * Does it, or counts it.
	 * @param plugin for which plugin
	 * @param action given how often it was not done since the last time
	 */
	void run(PluginId plugin, LongConsumer action) {
		long now = this.nanoTime.getAsLong();
		Turn turn = this.turns.computeIfAbsent(plugin, (key) -> new Turn(new AtomicLong(now), new AtomicLong()));
		long next = turn.next().get();
		if (now - next >= 0 && turn.next().compareAndSet(next, now + this.intervalNanos)) {
			action.accept(turn.missed().getAndSet(0));
		}
		else {
			turn.missed().incrementAndGet();
		}
	}

	private record Turn(AtomicLong next, AtomicLong missed) {
	}

}
