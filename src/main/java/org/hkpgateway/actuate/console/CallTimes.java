package org.hkpgateway.actuate.console;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.ShadowOutcome;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

/**
 * How often and how long plugins are asked about requests, of the last {@value #WINDOW}
 * looks, which are a second apart. Counts while somebody looks only: else a call costs
 * one read of a flag, and with it two additions in an array. Times go into four buckets
 * for each power of two, so what comes out is right within an eighth.
 * <p>
 * Thread-safe.
 */
public final class CallTimes implements ChainListener {

	static final int WINDOW = 10;

	/** The first bucket ends above 4 µs, the last begins at 120 s. */
	private static final int SMALLEST = 12;

	private static final int BUCKETS = 4 * 25;

	private static final int ANSWERED = BUCKETS;

	private static final int FAILED = BUCKETS + 1;

	private static final int ALL = BUCKETS + 2;

	/** Failures without a call, of which no time is known. */
	private static final int MISSED = BUCKETS + 3;

	private static final int CELLS = BUCKETS + 4;

	private final Map<PluginId, Counts> counts = new ConcurrentHashMap<>();

	private final LongSupplier nanoTime;

	private volatile boolean watched;

	private int watchers;

	private long looked;

	/** By the system's clock. */
	public CallTimes() {
		this(System::nanoTime);
	}

	CallTimes(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		if (!this.watched) {
			return;
		}
		PluginOutcome.Kind kind = outcome.kind();
		if (kind.phase() != Phase.REQUEST || kind == PluginOutcome.Kind.SKIPPED) {
			return;
		}
		if (outcome.neverSent()) {
			of(outcome.plugin()).incrementAndGet(MISSED);
		}
		else {
			count(outcome.plugin(), outcome.nanos(),
					kind.isFailure() ? FAILED : (kind == PluginOutcome.Kind.RESPONDED) ? ANSWERED : ALL);
		}
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		if (!this.watched || outcome.agreement() == ShadowOutcome.Agreement.SKIPPED) {
			return;
		}
		boolean failed = outcome.agreement() == ShadowOutcome.Agreement.FAILED;
		if (failed && outcome.nanos() == 0) {
			of(outcome.plugin()).incrementAndGet(MISSED);
		}
		else {
			count(outcome.plugin(), outcome.nanos(), failed ? FAILED : ALL);
		}
	}

	private void count(PluginId plugin, long nanos, int what) {
		AtomicLongArray cells = of(plugin);
		cells.incrementAndGet(bucket(nanos));
		cells.incrementAndGet(what);
	}

	private AtomicLongArray of(PluginId plugin) {
		Counts known = this.counts.get(plugin);
		return ((known != null) ? known : this.counts.computeIfAbsent(plugin, (id) -> new Counts())).now;
	}

	/**
	 * Begins to count, or ends it when as many have ended as have begun: the last who
	 * leaves and the next who comes may be seen in any order.
	 * @param on whether somebody begins to look
	 */
	synchronized void watch(boolean on) {
		this.watchers += on ? 1 : -1;
		if (this.watchers == (on ? 1 : 0)) {
			this.watched = on;
			this.counts.clear();
			this.looked = this.nanoTime.getAsLong();
		}
	}

	/**
	 * Takes what has come since the last look into the window.
	 * @param plugins those that there are; others are forgotten
	 * @return how the calls of each go that was asked since the beginning, by name
	 */
	synchronized Map<String, Calls> look(Collection<String> plugins) {
		long now = this.nanoTime.getAsLong();
		long nanos = Math.max(1, now - this.looked);
		this.looked = now;
		this.counts.keySet().removeIf((id) -> !plugins.contains(id.name()));
		Map<String, Calls> all = new TreeMap<>();
		this.counts.forEach((id, of) -> all.put(id.name(), of.look(nanos)));
		return all;
	}

	private static int bucket(long nanos) {
		int power = 63 - Long.numberOfLeadingZeros(Math.max(nanos, 1L << SMALLEST));
		int quarter = (int) (nanos >>> (power - 2)) & 3;
		return Math.min(BUCKETS - 1, (power - SMALLEST) * 4 + quarter);
	}

	private static double middleMillis(int bucket) {
		double nanos = (4.5 + bucket % 4) * (1L << (bucket / 4 + SMALLEST - 2));
		return nanos / TimeUnit.MILLISECONDS.toNanos(1);
	}

	/**
	 * How calls go: within the window, the rates in calls a second.
	 *
	 * @param latest the rate since the look before
	 * @param rate of all calls
	 * @param answered of requests that it answered itself
	 * @param failed of failures, those before anything was sent included
	 * @param p50 milliseconds that half of the calls took at most; null if there were
	 * none
	 * @param p99 milliseconds that 99 % took at most
	 */
	record Calls(double latest, double rate, double answered, double failed, @Nullable Double p50,
			@Nullable Double p99) {
	}

	private static final class Counts {

		private final AtomicLongArray now = new AtomicLongArray(CELLS);

		/** The last cell is the time that it is of. */
		private final Deque<long[]> window = new ArrayDeque<>();

		Calls look(long nanos) {
			long[] latest = new long[CELLS + 1];
			for (int i = 0; i < CELLS; i++) {
				latest[i] = this.now.getAndSet(i, 0);
			}
			latest[CELLS] = nanos;
			if (this.window.size() == WINDOW) {
				this.window.removeFirst();
			}
			this.window.addLast(latest);
			long[] sum = new long[CELLS + 1];
			for (long[] each : this.window) {
				for (int i = 0; i <= CELLS; i++) {
					sum[i] += each[i];
				}
			}
			return new Calls(rate(latest, ANSWERED, FAILED, ALL), rate(sum, ANSWERED, FAILED, ALL), rate(sum, ANSWERED),
					rate(sum, FAILED, MISSED), percentile(sum, 0.5), percentile(sum, 0.99));
		}

		private static double rate(long[] cells, int... which) {
			long calls = 0;
			for (int cell : which) {
				calls += cells[cell];
			}
			return calls * (double) TimeUnit.SECONDS.toNanos(1) / cells[CELLS];
		}

		private static @Nullable Double percentile(long[] cells, double share) {
			long calls = 0;
			for (int i = 0; i < BUCKETS; i++) {
				calls += cells[i];
			}
			long left = (long) Math.ceil(calls * share);
			for (int i = 0; i < BUCKETS && calls > 0; i++) {
				left -= cells[i];
				if (left <= 0) {
					return middleMillis(i);
				}
			}
			return null;
		}

	}

}
