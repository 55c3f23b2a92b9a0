package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import org.jspecify.annotations.Nullable;

/**
 * Counts requests per client, and blocks who exceeds a limit: each block of the same
 * client longer than the one before, until it has behaved for a while. Requests during a
 * block are refused without being counted. Safe for any number of threads, never blocks
 * for long.
 *
 * <p>
 * Memory is bounded. Two tables hold the counts of {@code maxClients} clients, and the
 * blocks, a quarter as many, for a block costs an attacker a whole window of requests.
 * What happens when they are full of an address flood:
 * <ul>
 * <li>Nobody is refused for it: an unknown client always starts at zero.
 * <li>Clients that come often stay, and addresses that come once go: Caffeine evicts by
 * frequency (TinyLFU) once the table is half full. From then on a flood of ten times
 * {@code maxClients} addresses within a window neither wipes the counts of a busy client
 * nor lifts the block of one that goes on knocking.
 * <li>A block that is lost all the same is found again at the next request, as long as
 * the counts still exceed the limit.
 * </ul>
 */
final class ClientLimiter implements Limiter {

	private final List<SlidingWindow> limits;

	private final List<Duration> steps;

	private final LongSupplier nanos;

	private final long start;

	private final Cache<ClientKey, int[]> counts;

	private final Cache<ClientKey, Block> blocks;

	/**
	 * Makes a limiter.
	 * @param limits what is allowed; all of them are in force
	 * @param steps lengths of the first block, the second … The last one stays
	 * @param forgetAfter how long after its end a block still counts
	 * @param maxClients how many clients are counted at a time
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	ClientLimiter(List<Limit> limits, List<Duration> steps, Duration forgetAfter, int maxClients, LongSupplier nanos) {
		this.limits = windows(limits);
		this.steps = List.copyOf(steps);
		this.nanos = nanos;
		this.start = nanos.getAsLong();
		Duration memory = this.limits.stream().map(SlidingWindow::memory).max(Duration::compareTo).orElseThrow();
		// Upkeep runs on the calling threads: it is short, and needs no pool of its own.
		this.counts = Caffeine.newBuilder()
			.maximumSize(maxClients)
			.expireAfterAccess(memory)
			.ticker(nanos::getAsLong)
			.executor(Runnable::run)
			.build();
		this.blocks = Caffeine.newBuilder()
			.maximumSize(Math.max(1, maxClients / 4))
			.expireAfter(Expiry.<ClientKey, Block>writing((client, block) -> block.length().plus(forgetAfter)))
			.ticker(nanos::getAsLong)
			.executor(Runnable::run)
			.build();
	}

	@Override
	public CompletionStage<Verdict> judge(ClientKey client, boolean dryRun) {
		return CompletableFuture.completedFuture(dryRun ? peek(client) : check(client));
	}

	/**
	 * Judges a request, and counts it if it passes.
	 * @param client who sent it
	 * @return the verdict
	 */
	Verdict check(ClientKey client) {
		long now = now();
		Verdict blocked = blocked(client, now);
		if (blocked != null) {
			return blocked;
		}
		int[] mine = this.counts.get(client, (key) -> new int[SlidingWindow.SIZE * this.limits.size()]);
		SlidingWindow full;
		long untilRoom;
		synchronized (mine) {
			full = full(mine, now);
			if (full == null) {
				this.limits.forEach((limit) -> limit.add(mine, now));
				return Verdict.Pass.INSTANCE;
			}
			untilRoom = full.nanosUntilRoom(mine, now);
		}
		return block(client, full, untilRoom, now);
	}

	/**
	 * Says what {@link #check} would say, and changes nothing.
	 * @param client who sent it
	 * @return the verdict
	 */
	Verdict peek(ClientKey client) {
		long now = now();
		Verdict blocked = blocked(client, now);
		int[] mine = this.counts.asMap().get(client);
		if (blocked != null || mine == null) {
			return (blocked != null) ? blocked : Verdict.Pass.INSTANCE;
		}
		synchronized (mine) {
			SlidingWindow full = full(mine, now);
			return (full == null) ? Verdict.Pass.INSTANCE
					: next(this.blocks.getIfPresent(client), full, full.nanosUntilRoom(mine, now), now).verdict(now,
							true);
		}
	}

	/**
	 * How many clients are counted.
	 * @return an estimate
	 */
	long clients() {
		return this.counts.estimatedSize();
	}

	/**
	 * How many clients are blocked, or were of late.
	 * @return an estimate
	 */
	long offenders() {
		return this.blocks.estimatedSize();
	}

	/** Does all upkeep that is due, for tests. */
	void cleanUp() {
		this.counts.cleanUp();
		this.blocks.cleanUp();
	}

	private long now() {
		return this.nanos.getAsLong() - this.start;
	}

	private @Nullable Verdict blocked(ClientKey client, long now) {
		Block block = this.blocks.getIfPresent(client);
		return (block != null && block.until() > now) ? block.verdict(now, false) : null;
	}

	private @Nullable SlidingWindow full(int[] mine, long now) {
		for (SlidingWindow limit : this.limits) {
			if (limit.isFull(mine, now)) {
				return limit;
			}
		}
		return null;
	}

	private Verdict block(ClientKey client, SlidingWindow full, long untilRoom, long now) {
		boolean[] begins = new boolean[1];
		Block block = this.blocks.asMap().compute(client, (key, old) -> {
			// Another thread may have been first: a block begins once.
			begins[0] = old == null || old.until() <= now;
			return begins[0] ? next(old, full, untilRoom, now) : old;
		});
		return block.verdict(now, begins[0]);
	}

	private Block next(@Nullable Block old, SlidingWindow full, long untilRoom, long now) {
		int strike = (old != null) ? old.strike() + 1 : 1;
		Duration step = this.steps.get(Math.min(strike, this.steps.size()) - 1);
		// At least until there is room, so that who waits as told is let in.
		Duration length = Duration.ofNanos(Math.max(step.toNanos(), Math.max(1, untilRoom)));
		return new Block(strike, now + length.toNanos(), length, full.toString());
	}

	private static List<SlidingWindow> windows(List<Limit> limits) {
		List<SlidingWindow> windows = new ArrayList<>();
		for (Limit limit : limits) {
			windows.add(new SlidingWindow(limit.max(), limit.window(), windows.size() * SlidingWindow.SIZE));
		}
		return List.copyOf(windows);
	}

	/**
	 * A limit as configured.
	 *
	 * @param max how many requests
	 * @param window within how long
	 */
	record Limit(int max, Duration window) {
	}

	private record Block(int strike, long until, Duration length, String limit) {

		Verdict verdict(long now, boolean begins) {
			return new Verdict.Refused(Duration.ofNanos(this.until - now), this.limit, this.strike, begins);
		}

	}

}
