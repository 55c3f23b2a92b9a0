package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * Counts requests in sliding windows. Does not start anew with a block, which must
 * therefore last until there is room.
 *
 * <p>
 * Memory is bounded by the number of clients. When the table is full of an address flood
 * nobody is refused for it: an unknown client always starts at zero. Clients that come
 * often stay, and addresses that come once go: Caffeine evicts by frequency (TinyLFU)
 * once the table is half full. From then on a flood of ten times as many addresses within
 * a window does not wipe the counts of a busy client.
 */
public final class SlidingCounter implements OwnCounter {

	private final SlidingWindow[] windows;

	private final LongSupplier nanos;

	private final long start;

	private final Cache<ClientKey, int[]> counts;

	/**
	 * Makes a counter.
	 * @param limits what is allowed; all of them are in force
	 * @param maxClients how many clients are counted at a time
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public SlidingCounter(List<Limit> limits, int maxClients, LongSupplier nanos) {
		this.windows = windows(limits);
		this.nanos = nanos;
		this.start = nanos.getAsLong();
		Duration memory = Duration.ZERO;
		for (SlidingWindow window : this.windows) {
			memory = (window.memory().compareTo(memory) > 0) ? window.memory() : memory;
		}
		// Upkeep runs on the calling threads: it is short, and needs no pool of its own.
		this.counts = Caffeine.newBuilder()
			.maximumSize(maxClients)
			.expireAfterAccess(memory)
			.ticker(nanos::getAsLong)
			.executor(Runnable::run)
			.build();
	}

	@Override
	public @Nullable Excess count(ClientKey client, long what, boolean dryRun) {
		int[] mine = dryRun ? this.counts.asMap().get(client)
				: this.counts.get(client, (key) -> new int[SlidingWindow.SIZE * this.windows.length]);
		if (mine == null) {
			return null;
		}
		long now = this.nanos.getAsLong() - this.start;
		synchronized (mine) {
			for (SlidingWindow window : this.windows) {
				if (window.isFull(mine, now)) {
					return new Excess(window.toString(), Duration.ofNanos(window.nanosUntilRoom(mine, now)));
				}
			}
			if (!dryRun) {
				for (SlidingWindow window : this.windows) {
					window.add(mine, now);
				}
			}
		}
		return null;
	}

	@Override
	public void blocked(ClientKey client) {
		// The counts stay: they say when there is room.
	}

	@Override
	public void forget(ClientKey client) {
		this.counts.invalidate(client);
	}

	@Override
	public long clients() {
		return this.counts.estimatedSize();
	}

	@Override
	public void cleanUp() {
		this.counts.cleanUp();
	}

	private static SlidingWindow[] windows(List<Limit> limits) {
		List<SlidingWindow> windows = new ArrayList<>();
		for (Limit limit : limits) {
			windows.add(new SlidingWindow(limit, windows.size() * SlidingWindow.SIZE));
		}
		return windows.toArray(SlidingWindow[]::new);
	}

}
