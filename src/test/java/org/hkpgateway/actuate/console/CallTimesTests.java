package org.hkpgateway.actuate.console;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.PluginOutcome.Kind;
import org.hkpgateway.chain.ShadowOutcome;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link CallTimes}.
 */
class CallTimesTests {

	private static final PluginId PLUGIN = new PluginId("a");

	private static final List<String> NAMES = List.of("a", "b");

	private final AtomicLong nanos = new AtomicLong(5);

	private final CallTimes times = new CallTimes(this.nanos::get);

	@Test
	void nothingIsCountedWhileNobodyLooks() {
		asked(Kind.CONTINUED, 1);
		this.times.watch(true);
		asked(Kind.CONTINUED, 1);
		this.times.watch(false);
		asked(Kind.CONTINUED, 1);
		this.times.watch(true);
		assertThat(aSecondLater()).isNull();
	}

	/** The last who leaves may be seen to leave after the next has come. */
	@Test
	void whoComesWhileTheLastLeavesIsToldAll() {
		this.times.watch(true);
		this.times.watch(true);
		this.times.watch(false);
		asked(Kind.CONTINUED, 1);
		assertThat(aSecondLater().rate()).isEqualTo(1);
		this.times.watch(false);
		asked(Kind.CONTINUED, 1);
		assertThat(aSecondLater()).isNull();
	}

	@Test
	void ratesAreThoseOfTheTimeThatHasPassed() {
		this.times.watch(true);
		for (int i = 0; i < 6; i++) {
			asked(Kind.CONTINUED, 1);
		}
		asked(Kind.RESPONDED, 1);
		asked(Kind.RESPONDED, 1);
		asked(Kind.FAILED_OPEN, 0);
		asked(Kind.FAILED_CLOSED, 0);
		this.nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
		CallTimes.Calls first = aSecondLater();
		assertThat(first.rate()).isEqualTo(5);
		assertThat(first.answered()).isEqualTo(1);
		assertThat(first.failed()).isEqualTo(1);
		CallTimes.Calls second = aSecondLater();
		assertThat(second.latest()).isZero();
		assertThat(second.rate()).isEqualTo(10 / 3.0);
	}

	@Test
	void timesAreRightWithinAnEighth() {
		this.times.watch(true);
		for (int i = 0; i < 98; i++) {
			asked(Kind.CONTINUED, 3);
		}
		asked(Kind.CONTINUED, 700);
		asked(Kind.RESPONDED, 700);
		CallTimes.Calls calls = aSecondLater();
		assertThat(calls.p50()).isCloseTo(3, within(3 / 8.0));
		assertThat(calls.p99()).isCloseTo(700, within(700 / 8.0));
	}

	@Test
	void timesOfAnyLengthHaveAPlace() {
		this.times.watch(true);
		asked(Kind.CONTINUED, TimeUnit.DAYS.toMillis(1));
		this.times.pluginAsked("r", new PluginOutcome(PLUGIN, Kind.CONTINUED, "", "", 1, 1, null));
		CallTimes.Calls calls = aSecondLater();
		assertThat(calls.p50()).isLessThan(0.01);
		assertThat(calls.p99()).isGreaterThan(100_000);
	}

	@Test
	void whatIsOldIsForgotten() {
		this.times.watch(true);
		asked(Kind.CONTINUED, 1);
		for (int i = 0; i < CallTimes.WINDOW; i++) {
			assertThat(aSecondLater().p50()).isNotNull();
		}
		assertThat(aSecondLater()).isEqualTo(new CallTimes.Calls(0, 0, 0, 0, null, null));
	}

	@Test
	void onlyRequestsCountAndOnlyThoseThatItWasShown() {
		this.times.watch(true);
		asked(Kind.SKIPPED, 1);
		asked(Kind.REVIEWED, 1);
		asked(Kind.REVIEW_FAILED, 1);
		this.times.compared("r", new ShadowOutcome(PLUGIN, ShadowOutcome.Agreement.SKIPPED, "", 0));
		assertThat(aSecondLater()).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "unavailable, 40000", "breaker-open, 40000", "bulkhead-full, 40000", "timeout, 0" })
	void aFailureBeforeAnythingWasSentIsNoCall(String failure, long nanos) {
		this.times.watch(true);
		this.times.pluginAsked("r", new PluginOutcome(PLUGIN, Kind.FAILED_OPEN, "", failure, nanos, nanos, null));
		assertThat(aSecondLater()).isEqualTo(new CallTimes.Calls(0, 0, 0, 1, null, null));
	}

	@Test
	void aFailureOfACallIsTimed() {
		this.times.watch(true);
		this.times.pluginAsked("r", new PluginOutcome(PLUGIN, Kind.FAILED_OPEN, "", "timeout", 1_000_000, 0, null));
		CallTimes.Calls calls = aSecondLater();
		assertThat(calls.rate()).isEqualTo(1);
		assertThat(calls.failed()).isEqualTo(1);
		assertThat(calls.p50()).isCloseTo(1, within(1 / 8.0));
	}

	@Test
	void aShadowIsTimedToo() {
		this.times.watch(true);
		this.times.compared("r", new ShadowOutcome(PLUGIN, ShadowOutcome.Agreement.WOULD_DENY, "", 1_000_000));
		this.times.compared("r", new ShadowOutcome(PLUGIN, ShadowOutcome.Agreement.FAILED, "", 0));
		CallTimes.Calls calls = aSecondLater();
		assertThat(calls.rate()).isEqualTo(1);
		assertThat(calls.failed()).isEqualTo(1);
		assertThat(calls.p50()).isCloseTo(1, within(1 / 8.0));
	}

	@Test
	void aPluginThatIsGoneIsForgotten() {
		this.times.watch(true);
		asked(Kind.CONTINUED, 1);
		assertThat(this.times.look(List.of("b"))).isEmpty();
		assertThat(this.times.look(NAMES)).isEmpty();
	}

	private void asked(Kind kind, long millis) {
		long took = TimeUnit.MILLISECONDS.toNanos(millis);
		this.times.pluginAsked("r", new PluginOutcome(PLUGIN, kind, "", "", took, took, null));
	}

	private CallTimes.Calls aSecondLater() {
		this.nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
		return this.times.look(NAMES).get("a");
	}

}
