package org.hkpgateway.antiabuse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * Limits requests per client as {@link ClientLimiter} does, but with what the gateway
 * keeps: counts and blocks are the same for all replicas, outlive this process, and can
 * be seen and lifted by an operator. A client has
 * <ul>
 * <li>under its name a bucket of tokens, of which a request takes one, and, as long as it
 * is blocked, a value that says so: who deletes the name lifts the block and fills the
 * bucket;
 * <li>for each further limit another bucket;
 * <li>under {@code strikes:} and its name the number of its blocks, until they are
 * forgotten.
 * </ul>
 * A request for which the gateway has no answer is judged by a {@link ClientLimiter} of
 * this process. When that is because the store is away, others are so, too, for
 * {@link #PAUSE}.
 */
final class SharedLimiter implements Limiter {

	static final Duration PAUSE = Duration.ofSeconds(1);

	private static final PluginLog log = PluginLog.get("antiabuse");

	private static final Pattern BLOCK = Pattern.compile("(.*), block (\\d{1,9})");

	private final SharedState state;

	private final String prefix;

	private final List<Bucket> buckets;

	private final AntiabuseConfig config;

	private final ClientLimiter own;

	private final LongSupplier nanos;

	private final AtomicBoolean away = new AtomicBoolean();

	private volatile long retryAt;

	/**
	 * Makes a limiter.
	 * @param state where it counts
	 * @param prefix of all names
	 * @param limits what is allowed; all of them are in force
	 * @param config has the lengths of blocks
	 * @param own judges when the state does not
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	SharedLimiter(SharedState state, String prefix, List<ClientLimiter.Limit> limits, AntiabuseConfig config,
			ClientLimiter own, LongSupplier nanos) {
		this.state = state;
		this.prefix = prefix;
		this.buckets = limits.stream().map(Bucket::of).toList();
		this.config = config;
		this.own = own;
		this.nanos = nanos;
	}

	@Override
	public CompletionStage<Verdict> judge(ClientKey client, boolean dryRun) {
		if (this.away.get() && this.nanos.getAsLong() - this.retryAt < 0) {
			return this.own.judge(client, dryRun);
		}
		String name = this.prefix + client;
		return this.state.get(name)
			.thenCompose((block) -> block.isPresent() ? completed(refused(block.get())) : take(name, 0, dryRun))
			.handle((verdict, failure) -> {
				if (failure == null) {
					answered();
					return completed(verdict);
				}
				unanswered(failure);
				return this.own.judge(client, dryRun);
			})
			.thenCompose((verdict) -> verdict);
	}

	/** From this bucket and those behind it. */
	private CompletionStage<Verdict> take(String name, int index, boolean dryRun) {
		if (index == this.buckets.size()) {
			return completed(Verdict.Pass.INSTANCE);
		}
		Bucket bucket = this.buckets.get(index);
		String key = (index == 0) ? name : name + " " + bucket.tokens().period().toSeconds() + "s";
		return this.state.acquire(key, dryRun ? 0 : 1, bucket.tokens()).thenCompose((acquired) -> {
			if (dryRun ? acquired.remaining() > 0 : acquired.acquired()) {
				return take(name, index + 1, dryRun);
			}
			return block(name, bucket.limit(), acquired.retryAfter(), dryRun);
		});
	}

	private CompletionStage<Verdict> block(String name, String limit, Duration untilRoom, boolean dryRun) {
		return this.state.get("strikes:" + name).thenCompose((strikes) -> {
			int strike = strikes.map(SharedLimiter::number).orElse(0) + 1;
			List<Duration> steps = this.config.blockSteps();
			Duration step = steps.get(Math.min(strike, steps.size()) - 1);
			// At least until there is room, so that who waits as told is let in.
			Duration length = (step.compareTo(untilRoom) > 0) ? step : untilRoom;
			if (dryRun) {
				return completed(new Verdict.Refused(length, limit, strike, true));
			}
			return begin(name, limit, strike, length);
		});
	}

	/** Another request, or replica, may be first: a block begins once. */
	private CompletionStage<Verdict> begin(String name, String limit, int strike, Duration length) {
		return this.state.compareAndSet(name, 0, bytes(limit + ", block " + strike), length).thenCompose((swap) -> {
			if (!swap.stored()) {
				return completed(swap.current()
					.map((block) -> refused(block))
					.orElse(new Verdict.Refused(length, limit, strike, false)));
			}
			return this.state
				.put("strikes:" + name, bytes(Integer.toString(strike)), length.plus(this.config.forgetAfter()))
				.thenApply((stored) -> new Verdict.Refused(length, limit, strike, true));
		});
	}

	private void answered() {
		if (this.away.compareAndSet(true, false)) {
			log.info("the shared state is back; clients are counted there again");
		}
	}

	private void unanswered(Throwable failure) {
		Throwable cause = (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		// Without room for one more client, there are still those who are counted.
		if (cause instanceof HostException host && host.reason() == HostException.Reason.QUOTA) {
			return;
		}
		this.retryAt = this.nanos.getAsLong() + PAUSE.toNanos();
		if (this.away.compareAndSet(false, true)) {
			log.warn("the shared state is away; clients are counted in this process", "error", cause.getMessage());
		}
	}

	/** Whether it counts in this process at the moment. */
	boolean isAway() {
		return this.away.get();
	}

	private static Verdict refused(SharedState.Value block) {
		Matcher text = BLOCK.matcher(text(block));
		boolean readable = text.matches();
		// A moment at least: what has just expired was there.
		Duration remaining = block.ttl().isZero() ? Duration.ofMillis(1) : block.ttl();
		return new Verdict.Refused(remaining, readable ? text.group(1) : "a limit",
				readable ? Integer.parseInt(text.group(2)) : 1, false);
	}

	private static int number(SharedState.Value strikes) {
		String text = text(strikes);
		return text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
	}

	private static String text(SharedState.Value value) {
		return new String(value.bytes(), StandardCharsets.US_ASCII);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	private static CompletionStage<Verdict> completed(Verdict verdict) {
		return CompletableFuture.completedFuture(verdict);
	}

	/**
	 * A limit as a bucket: as many at once, and as many again in each window.
	 *
	 * @param tokens how it fills
	 * @param limit in words
	 */
	private record Bucket(SharedState.Bucket tokens, String limit) {

		static Bucket of(ClientLimiter.Limit limit) {
			return new Bucket(new SharedState.Bucket(limit.max(), limit.max(), limit.window()),
					new SlidingWindow(limit.max(), limit.window(), 0).toString());
		}

	}

}
