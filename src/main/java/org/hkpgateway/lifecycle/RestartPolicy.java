package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Decides what follows a plugin's death. Keeps nothing: the history goes in and comes out
 * changed. Times are points on one monotonic scale with any origin.
 */
final class RestartPolicy {

	private final RestartLimits limits;

	private final DoubleSupplier random;

	private final boolean mayFail;

	/**
	 * A policy.
	 * @param limits its constants
	 * @param random source of jitter, 0 inclusive to 1 exclusive
	 */
	RestartPolicy(RestartLimits limits, DoubleSupplier random) {
		this(limits, random, true);
	}

	private RestartPolicy(RestartLimits limits, DoubleSupplier random, boolean mayFail) {
		this.limits = limits;
		this.random = random;
		this.mayFail = mayFail;
	}

	/**
	 * The same delays, but no number of deaths is too many: for a plugin whose process is
	 * not the gateway's, so that trying again costs little and nobody else does.
	 * @return a policy that never says FAILED
	 */
	RestartPolicy patient() {
		return new RestartPolicy(this.limits, this.random, false);
	}

	/**
	 * Rules on one death.
	 * @param history what happened before
	 * @param now when it died
	 * @param readyAt since when it had been READY, null if it never was
	 * @return what to do now, and the history for the next death
	 */
	Ruling afterDeath(History history, Duration now, @Nullable Duration readyAt) {
		Duration lived = (readyAt != null) ? now.minus(readyAt) : Duration.ZERO;
		History before = (lived.compareTo(this.limits.stable()) >= 0) ? History.NONE : history;
		Duration horizon = now.minus(this.limits.window());
		boolean early = this.mayFail && lived.compareTo(this.limits.early()) <= 0;
		List<Duration> deaths = Stream
			.concat(before.earlyDeaths().stream().filter((at) -> at.compareTo(horizon) > 0),
					early ? Stream.of(now) : Stream.empty())
			.toList();
		if (deaths.size() >= this.limits.earlyDeaths()) {
			// The retry is a fresh round: it gets the quick first restarts again.
			return new Ruling(History.NONE, PluginState.FAILED, this.limits.failedRetry());
		}
		return new Ruling(new History(before.restarts() + 1, deaths), PluginState.BACKOFF, delay(before.restarts()));
	}

	private Duration delay(int restarts) {
		if (restarts == 0) {
			return Duration.ZERO;
		}
		// 2^30 s is beyond any limit, so the shift need not go further.
		Duration doubled = this.limits.firstDelay().multipliedBy(1L << Math.min(restarts - 1, 30));
		Duration base = (doubled.compareTo(this.limits.maxDelay()) < 0) ? doubled : this.limits.maxDelay();
		double factor = 1 + this.limits.jitter() * (2 * this.random.getAsDouble() - 1);
		return Duration.ofNanos(Math.round(base.toNanos() * factor));
	}

	/**
	 * What matters of a plugin's past.
	 *
	 * @param restarts restarts since it was last stable
	 * @param earlyDeaths when it died early, oldest first; fewer than
	 * {@link RestartLimits#earlyDeaths}
	 */
	record History(int restarts, List<Duration> earlyDeaths) {

		static final History NONE = new History(0, List.of());

		History {
			earlyDeaths = List.copyOf(earlyDeaths);
		}

	}

	/**
	 * What to do.
	 *
	 * @param history for the next call
	 * @param next {@link PluginState#BACKOFF} or {@link PluginState#FAILED}
	 * @param delay wait before the next start
	 */
	record Ruling(History history, PluginState next, Duration delay) {
	}

}
