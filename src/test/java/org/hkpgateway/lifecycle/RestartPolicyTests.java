package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.lifecycle.RestartPolicy.History;
import org.hkpgateway.lifecycle.RestartPolicy.Ruling;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RestartPolicy}.
 */
class RestartPolicyTests {

	/** In the middle: no jitter. */
	private final RestartPolicy policy = new RestartPolicy(RestartLimits.DEFAULTS, () -> 0.5);

	@Test
	void firstRestartIsAtOnceThenDelaysDoubleUpToTheLimit() {
		assertThat(delaysInSeconds(this.policy, 10)).containsExactly(0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0,
				60.0);
	}

	@Test
	void doublingNeverOverflows() {
		assertThat(delaysInSeconds(this.policy, 200)).endsWith(60.0, 60.0).doesNotContain(-1.0);
	}

	@Test
	void jitterIsAFifthUpOrDown() {
		assertThat(delaysInSeconds(new RestartPolicy(RestartLimits.DEFAULTS, () -> 0.0), 3)).containsExactly(0.0, 0.8,
				1.6);
		assertThat(delaysInSeconds(new RestartPolicy(RestartLimits.DEFAULTS, () -> Math.nextDown(1.0)), 3))
			.satisfies((delays) -> assertThat(delays.get(2)).isBetween(2.39, 2.4));
	}

	/** Deaths a minute after READY are not early, nor do they make the record clean. */
	private static List<Double> delaysInSeconds(RestartPolicy policy, int deaths) {
		List<Double> delays = new ArrayList<>();
		History history = History.NONE;
		Duration now = Duration.ZERO;
		for (int i = 0; i < deaths; i++) {
			Duration readyAt = now;
			now = now.plusSeconds(60);
			Ruling ruling = policy.afterDeath(history, now, readyAt);
			assertThat(ruling.next()).isEqualTo(PluginState.BACKOFF);
			delays.add(ruling.delay().toMillis() / 1000.0);
			now = now.plus(ruling.delay());
			history = ruling.history();
		}
		return delays;
	}

	@Test
	void fiveEarlyDeathsWithinFiveMinutesMeanFailed() {
		List<Ruling> rulings = deaths(5, Duration.ofSeconds(70), Duration.ofSeconds(30));
		assertThat(rulings).extracting(Ruling::next)
			.containsExactly(PluginState.BACKOFF, PluginState.BACKOFF, PluginState.BACKOFF, PluginState.BACKOFF,
					PluginState.FAILED);
		assertThat(rulings.get(4).delay()).isEqualTo(Duration.ofMinutes(5));
	}

	@Test
	void fiveEarlyDeathsInMoreThanFiveMinutesDoNot() {
		assertThat(deaths(20, Duration.ofSeconds(75), Duration.ofSeconds(30))).extracting(Ruling::next)
			.containsOnly(PluginState.BACKOFF);
	}

	@Test
	void deathsLaterThanThirtySecondsAfterReadyDoNot() {
		assertThat(deaths(20, Duration.ofSeconds(40), Duration.ofMillis(30_001))).extracting(Ruling::next)
			.containsOnly(PluginState.BACKOFF);
	}

	private List<Ruling> deaths(int count, Duration apart, Duration lived) {
		List<Ruling> rulings = new ArrayList<>();
		History history = History.NONE;
		for (int i = 1; i <= count; i++) {
			Duration now = apart.multipliedBy(i);
			Ruling ruling = this.policy.afterDeath(history, now, now.minus(lived));
			rulings.add(ruling);
			history = ruling.history();
		}
		return rulings;
	}

	@Test
	void deathBeforeReadyIsEarly() {
		assertThat(this.policy.afterDeath(History.NONE, Duration.ofSeconds(7), null).history().earlyDeaths())
			.containsExactly(Duration.ofSeconds(7));
	}

	@Test
	void stableTimeResets() {
		History bad = new History(6, List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)));
		Ruling ruling = this.policy.afterDeath(bad, Duration.ofSeconds(310), Duration.ofSeconds(10));
		assertThat(ruling.delay()).isZero();
		assertThat(ruling.history()).isEqualTo(new History(1, List.of()));
	}

	@Test
	void almostStableTimeDoesNot() {
		History bad = new History(6, List.of());
		Ruling ruling = this.policy.afterDeath(bad, Duration.ofSeconds(309), Duration.ofSeconds(10));
		assertThat(ruling.delay()).isEqualTo(Duration.ofSeconds(32));
	}

	@Test
	void tryAfterFailedIsAFreshRound() {
		Ruling failed = deaths(5, Duration.ofSeconds(1), Duration.ZERO).get(4);
		assertThat(failed.next()).isEqualTo(PluginState.FAILED);
		assertThat(this.policy.afterDeath(failed.history(), Duration.ofSeconds(306), null).delay()).isZero();
	}

	@Test
	void nonsensicalLimitsAreRefused() {
		Duration second = Duration.ofSeconds(1);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new RestartLimits(second, Duration.ZERO, 0.2, second, 5, second, second, second))
			.withMessageContaining("first PT1S, max PT0S");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new RestartLimits(second, second, 1.5, second, 5, second, second, second))
			.withMessageContaining("got: 1.5");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new RestartLimits(second, second, 0.2, second, 0, second, second, second))
			.withMessageContaining("got: 0");
	}

}
