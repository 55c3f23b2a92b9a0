package org.hkpgateway.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProofOfCall}.
 */
class ProofOfCallTests {

	private static final PluginId A = new PluginId("a");

	private static final Set<Capability> SEES = Set.of(Capability.HTTP_REQUEST);

	private final List<PluginStatus> plugins = new ArrayList<>();

	private final Set<PluginId> chain = new HashSet<>();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final Ticking clock = new Ticking();

	private final ProofOfCall calls = new ProofOfCall(Duration.ofMinutes(5), () -> this.plugins,
			() -> Set.copyOf(this.chain), this.registry, this.clock);

	@BeforeEach
	void begin() {
		add(true, PluginMode.ENFORCE, SEES, SEES);
		this.calls.look();
	}

	@Test
	void whoIsCalledIsNotReported() {
		for (int i = 0; i < 20; i++) {
			request(true, PluginOutcome.Kind.CONTINUED, "", 1);
			look();
			assertThat(this.calls.report(A)).isNull();
			assertThat(this.calls.remark(A)).isNull();
		}
		assertThat(gauge()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "breaker-open,1", "bulkhead-full,1", "unavailable,1", "timeout,0" })
	void turnsWithoutACallAreReportedAfterThePeriodAndUntilTheNextCall(String failure, long nanos) {
		for (int minute = 0; minute < 5; minute++) {
			assertThat(this.calls.report(A)).as("minute " + minute).isNull();
			request(true, PluginOutcome.Kind.FAILED_OPEN, failure, nanos);
			look();
		}
		assertThat(this.calls.report(A)).isNull();
		request(true, PluginOutcome.Kind.FAILED_OPEN, failure, nanos);
		look();
		assertThat(this.calls.report(A)).startsWith("6 requests since 2026-01-01T00:01:00Z")
			.contains("its breaker is open", "/actuator/plugins");
		assertThat(gauge()).isOne();
		look();
		assertThat(this.calls.report(A)).as("nothing has come since").isNotNull();
		request(true, PluginOutcome.Kind.CONTINUED, "", 1);
		look();
		assertThat(this.calls.report(A)).isNull();
		assertThat(gauge()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "timeout,1", "protocol-error,1", "too-large,1" })
	void aCallThatFailsIsOne(String failure, long nanos) {
		for (int i = 0; i < 20; i++) {
			request(true, PluginOutcome.Kind.FAILED_OPEN, failure, nanos);
			look();
		}
		assertThat(this.calls.report(A)).isNull();
	}

	/**
	 * A keyserver's answer is shown to a plugin whose breaker for requests is open, too.
	 */
	@ParameterizedTest
	@CsvSource({ "REVIEWED,''", "REVIEW_FAILED,timeout", "REVIEW_FAILED,breaker-open" })
	void toBeShownTheAnswerIsNoCall(PluginOutcome.Kind kind, String failure) {
		for (int i = 0; i < 6; i++) {
			request(true, PluginOutcome.Kind.FAILED_OPEN, "breaker-open", 1);
			answer(kind, failure);
			look();
		}
		assertThat(this.calls.report(A)).startsWith("6 requests since 2026-01-01T00:01:00Z");
		answer(kind, failure);
		look();
		assertThat(this.calls.report(A)).as("an answer alone").startsWith("6 requests");
		assertThat(gauge()).isOne();
	}

	@ParameterizedTest
	@CsvSource({ "REVIEW_FAILED,breaker-open", "REVIEW_FAILED,unavailable" })
	void notToBeShownTheAnswerIsNoMiss(PluginOutcome.Kind kind, String failure) {
		for (int i = 0; i < 20; i++) {
			request(false, null, "", 0);
			answer(kind, failure);
			look();
		}
		assertThat(this.calls.report(A)).isNull();
	}

	/** Removed and added again between two looks. */
	@Test
	void whoComesBackHasItsGaugeAgain() {
		new GatewayMetrics(this.registry).onRemoved(A);
		assertThat(this.registry.find("hkp.plugin.unproven").gauge()).isNull();
		look();
		assertThat(gauge()).isZero();
	}

	@Test
	void oneMissAndThenSilenceIsNoAlarm() {
		request(true, PluginOutcome.Kind.FAILED_OPEN, "bulkhead-full", 1);
		for (int i = 0; i < 20; i++) {
			look();
		}
		assertThat(this.calls.report(A)).isNull();
	}

	@Test
	void requestsThatPassAChainItIsNotInAreReported() {
		this.chain.clear();
		for (int i = 0; i < 10; i++) {
			this.calls.requestCame();
			look();
		}
		assertThat(this.calls.report(A)).startsWith("10 requests").contains("it is not in the chain", "waitingFor");
		this.chain.add(A);
		look();
		assertThat(this.calls.report(A)).as("no call yet").isNotNull();
		request(true, PluginOutcome.Kind.RESPONDED, "", 1);
		look();
		assertThat(this.calls.report(A)).isNull();
	}

	@Test
	void rulesThatFitNothingAreARemark() {
		for (int i = 0; i < 4; i++) {
			request(false, null, "", 0);
			look();
		}
		assertThat(this.calls.remark(A)).isNull();
		request(false, null, "", 0);
		look();
		assertThat(this.calls.remark(A))
			.isEqualTo("its match rules hold for none of 5 requests since 2026-01-01T00:00:00Z");
		assertThat(this.calls.report(A)).isNull();
	}

	@Test
	void othersThatAnswerFirstAreARemark() {
		for (int i = 0; i < 5; i++) {
			request(true, null, "", 0);
			look();
		}
		assertThat(this.calls.remark(A))
			.isEqualTo("others have answered all 5 requests that it matches since 2026-01-01T00:00:00Z");
		assertThat(this.calls.report(A)).isNull();
	}

	@Test
	void whoIsMeantToBeOutIsNotReported() {
		this.chain.clear();
		for (PluginStatus status : List.of(status(false, PluginMode.ENFORCE, SEES, SEES),
				status(true, PluginMode.SHADOW, SEES, SEES),
				status(true, PluginMode.ENFORCE, Set.of(Capability.STATE), Set.of(Capability.STATE)))) {
			this.plugins.set(0, status);
			for (int i = 0; i < 10; i++) {
				this.calls.requestCame();
				look();
			}
			assertThat(this.calls.report(A)).isNull();
		}
	}

	@Test
	void whoWasGrantedTooLittleIsReportedOnlyIfNobodyElseIsLeft() {
		this.plugins.set(0, status(true, PluginMode.ENFORCE, SEES, Set.of()));
		this.chain.clear();
		this.chain.add(new PluginId("b"));
		for (int i = 0; i < 10; i++) {
			this.calls.requestCame();
			look();
		}
		assertThat(this.calls.report(A)).isNull();
		this.chain.clear();
		for (int i = 0; i < 10; i++) {
			this.calls.requestCame();
			look();
		}
		assertThat(this.calls.report(A)).contains("granted");
	}

	private void request(boolean matches, PluginOutcome.Kind kind, String failure, long nanos) {
		this.calls.requestCame();
		if (matches) {
			this.calls.matched(A);
		}
		if (kind != null) {
			this.calls.pluginAsked("r", new PluginOutcome(A, kind, "", failure, nanos, nanos, null));
		}
	}

	private void answer(PluginOutcome.Kind kind, String failure) {
		this.calls.pluginAsked("r", new PluginOutcome(A, kind, "", failure, 1, 1, null));
	}

	private void look() {
		this.clock.now = this.clock.now.plus(Duration.ofMinutes(1));
		this.calls.look();
	}

	private double gauge() {
		return this.registry.get("hkp.plugin.unproven").tag("plugin", "a").gauge().value();
	}

	private void add(boolean enabled, PluginMode mode, Set<Capability> requested, Set<Capability> granted) {
		this.plugins.add(status(enabled, mode, requested, granted));
		this.chain.add(A);
	}

	private static PluginStatus status(boolean enabled, PluginMode mode, Set<Capability> requested,
			Set<Capability> granted) {
		return new PluginStatus(A, "1", "here", enabled, PluginState.READY, Instant.EPOCH, "", OptionalLong.empty(), 0,
				1, List.of(), null, List.of(), 100, mode, false, MatchRules.EVERYTHING, false, FailPolicy.OPEN,
				requested, granted, null, null, null, null, null, null, null);
	}

	private static final class Ticking extends Clock {

		private Instant now = Instant.parse("2026-01-01T00:00:00Z");

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

		@Override
		public Instant instant() {
			return this.now;
		}

	}

}
