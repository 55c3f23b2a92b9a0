package org.hkpgateway.resilience;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * All in virtual time: one scheduler is the clock of breakers, windows and deadlines.
 */
class GuardedPluginsTests {

	private static final PluginId ID = new PluginId("fake");

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private static final Duration BUDGET = Duration.ofSeconds(1);

	private static final RequestEvent EVENT = new RequestEvent("r-1",
			new RequestHead("GET", "/pks/lookup", Headers.empty()), "/pks/lookup", Map.of(), null,
			new InetSocketAddress("127.0.0.1", 1), false, RequestBody.ABSENT, Map.of());

	private static final PluginFailure CRASH = new PluginFailure.Unavailable(ID, "gone");

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final List<String> transitions = new ArrayList<>();

	private final GuardedPlugins plugins = new GuardedPlugins(BUDGET, BUDGET, () -> this.time.now(TimeUnit.NANOSECONDS),
			this.time, () -> 0.5);

	private Mono<Decision> answer = Mono.just(Decision.Continue.UNCHANGED);

	private final AtomicInteger calls = new AtomicInteger();

	private Duration lastLimit = Duration.ZERO;

	private Consumer<PluginFailure> breaks = (failure) -> {
	};

	private final PluginClient.Guarded client = this.plugins.decorate(spec(256), this::decide,
			(plugin, phase, from, to) -> this.transitions.add(from + ">" + to));

	@AfterEach
	void endTime() {
		this.time.dispose();
	}

	@Test
	void decisionPasses() {
		assertThat(decision()).isSameAs(Decision.Continue.UNCHANGED);
		assertThat(this.calls).hasValue(1);
		assertThat(this.lastLimit).isEqualTo(TIMEOUT);
	}

	@Test
	void budgetLimitsTheCall() {
		this.client.decide(EVENT, Duration.ofMillis(50)).block();
		assertThat(this.lastLimit).isEqualTo(Duration.ofMillis(50));
	}

	@Test
	void unrecordedCallsHaveTheSameDeadlineAndChecksAndLeaveNoTrace() {
		PluginClient unrecorded = this.client.unrecorded();
		this.answer = Mono.error(CRASH);
		for (int i = 0; i < 40; i++) {
			assertThat(new Call(unrecorded, BUDGET).failure).isSameAs(CRASH);
		}
		this.answer = Mono
			.just(new Decision.Continue(List.of(new HeaderMutation.Set("Host", "evil")), List.of(), Map.of(), ""));
		assertThat(new Call(unrecorded, BUDGET).failure).hasMessageContaining("refused decision: ");
		this.answer = Mono.never();
		Call late = new Call(unrecorded, BUDGET);
		advance(199);
		assertThat(late.failure).isNull();
		advance(1);
		assertThat(late.failure).isInstanceOf(PluginFailure.Timeout.class);
		assertThat(this.client.status().breaker().bufferedCalls()).isZero();
		assertThat(this.client.status().latency()).isEqualTo(LatencyStatus.NONE);
		assertThat(this.client.status().callsInFlight()).isZero();
		assertThat(this.transitions).isEmpty();
	}

	@Test
	void anOpenBreakerAndAFullBulkheadDoNotRefuseUnrecordedCalls() {
		this.answer = Mono.error(CRASH);
		for (int i = 0; i < 40; i++) {
			new Call(BUDGET);
		}
		assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.BreakerOpen.class);
		this.answer = Mono.just(Decision.Continue.UNCHANGED);
		assertThat(this.client.unrecorded().decide(EVENT, BUDGET).block()).isSameAs(Decision.Continue.UNCHANGED);
		assertThat(this.client.status().breaker().state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void aBrokenStreamCountsOnceAndFailsAll() {
		this.answer = Mono.error(PluginFailure.Unavailable.sharingTheCauseOfAnother(ID, "stream broke"));
		for (int i = 0; i < 40; i++) {
			assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.Unavailable.class);
		}
		this.answer = Mono.error(CRASH);
		assertThat(new Call(BUDGET).failure).isSameAs(CRASH);
		BreakerStatus status = this.client.status().breaker();
		assertThat(status.state()).isEqualTo(BreakerState.CLOSED);
		assertThat(status.bufferedCalls()).isEqualTo(1);
	}

	@Test
	void brokenStreamsCountWithoutACall() {
		PluginClient.Guarded guarded = this.plugins.decorate(spec(256), new Breaking(),
				(plugin, phase, from, to) -> this.transitions.add(phase + " " + from + ">" + to));
		for (int i = 0; i < 9; i++) {
			this.breaks.accept(CRASH);
		}
		for (int i = 0; i < 10; i++) {
			guarded.decide(EVENT, BUDGET).block();
		}
		assertThat(guarded.status().breaker().bufferedCalls()).isEqualTo(19);
		assertThat(this.transitions).isEmpty();
		this.breaks.accept(CRASH);
		assertThat(this.transitions).containsExactly("REQUEST CLOSED>OPEN");
		assertThat(guarded.status().callsInFlight()).isZero();
	}

	@Test
	void aStreamThatBreaksIsOneOfTheFiveTrialCalls() {
		PluginClient.Guarded guarded = this.plugins.decorate(spec(256), new Breaking(),
				(plugin, phase, from, to) -> this.transitions.add(phase + " " + from + ">" + to));
		for (int i = 0; i < 20; i++) {
			this.breaks.accept(CRASH);
		}
		advance(5_001);
		for (int i = 0; i < 2; i++) {
			guarded.decide(EVENT, BUDGET).block();
		}
		this.breaks.accept(CRASH);
		this.breaks.accept(CRASH);
		assertThat(this.transitions).containsExactly("REQUEST CLOSED>OPEN", "REQUEST OPEN>HALF_OPEN");
		this.breaks.accept(CRASH);
		assertThat(this.transitions).endsWith("REQUEST HALF_OPEN>OPEN");
	}

	@Test
	void deadline() {
		this.answer = Mono.never();
		Call call = new Call(BUDGET);
		advance(199);
		assertThat(call.failure).isNull();
		advance(1);
		assertThat(call.failure).isInstanceOf(PluginFailure.Timeout.class)
			.hasMessage("plugin fake: expected: a decision within 200 ms, got: none");
	}

	@Test
	void deadlineCancelsTheCallAndLateErrorsAreNotLogged() {
		AtomicInteger cancelled = new AtomicInteger();
		AtomicInteger dropped = new AtomicInteger();
		Hooks.onErrorDropped((failure) -> dropped.incrementAndGet());
		try {
			// Fails at the very moment of the deadline, as a client does that keeps it
			// too.
			this.answer = Mono.<Decision>never()
				.doOnCancel(cancelled::incrementAndGet)
				.mergeWith(Mono.<Decision>error(CRASH).delaySubscription(TIMEOUT, this.time))
				.next();
			Call call = new Call(BUDGET);
			advance(500);
			assertThat(call.failure).isInstanceOf(PluginFailure.class);
			assertThat(call.signals).isEqualTo(1);
		}
		finally {
			Hooks.resetOnErrorDropped();
		}
		assertThat(cancelled).hasValue(1);
		assertThat(dropped).hasValue(0);
	}

	@Test
	void opensAtHalfFailuresOf20() {
		fail(10);
		succeed(9);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		succeed(1);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
		assertThat(failure()).isInstanceOf(PluginFailure.BreakerOpen.class);
		assertThat(this.calls).hasValue(20);
		assertThat(this.transitions).containsExactly("CLOSED>OPEN");
		BreakerStatus status = this.client.status().breaker();
		assertThat(status.failureRate()).isEqualTo(50);
		assertThat(status.bufferedCalls()).isEqualTo(20);
		assertThat(status.notPermittedCalls()).isEqualTo(1);
	}

	@Test
	void staysClosedBelowHalf() {
		succeed(11);
		fail(9);
		succeed(40);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void staysClosedBelow20Calls() {
		fail(19);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void failuresAreForgottenAfter10Seconds() {
		fail(19);
		advance(11_000);
		fail(19);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void opensWhen80PercentAreSlow() {
		succeed(4);
		slow(15, 161);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		slow(1, 161);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void notSlowUpTo80PercentOfTheTimeout() {
		slow(30, 160);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.client.status().breaker().slowCallRate()).isZero();
	}

	@Test
	void timeoutsOpen() {
		this.answer = Mono.never();
		for (int i = 0; i < 20; i++) {
			new Call(BUDGET);
		}
		advance(200);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void timeoutOfABudgetThatOthersUsedUpDoesNotCount() {
		this.answer = Mono.never();
		List<Call> cut = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			cut.add(new Call(Duration.ofMillis(159)));
		}
		advance(159);
		assertThat(cut).allSatisfy((call) -> assertThat(call.failure).isInstanceOf(PluginFailure.Timeout.class));
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.client.status().breaker().bufferedCalls()).isZero();
	}

	@Test
	void timeoutAfterTheTimeOfASlowCallCounts() {
		this.answer = Mono.never();
		for (int i = 0; i < 20; i++) {
			new Call(Duration.ofMillis(160));
		}
		advance(160);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void timeoutLongerThanTheWholeBudgetStillCounts() {
		PluginClient.Guarded patient = this.plugins.decorate(spec(256, Duration.ofSeconds(30)),
				(event, budget) -> Mono.never(), BreakerListener.NONE);
		for (int i = 0; i < 20; i++) {
			patient.decide(EVENT, BUDGET).subscribe((decision) -> {
			}, (failure) -> {
			});
		}
		advance(1000);
		assertThat(patient.status().breaker().state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void denialIsASuccess() {
		this.answer = Mono.just(
				new Decision.Respond(new ResponseHead(403, Headers.empty()), RequestBody.ABSENT.bytes(), Map.of(), ""));
		for (int i = 0; i < 30; i++) {
			assertThat(decision()).isInstanceOf(Decision.Respond.class);
		}
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.client.status().breaker().failureRate()).isZero();
	}

	@Test
	void clientCancelDoesNotCount() {
		this.answer = Mono.never();
		for (int i = 0; i < 300; i++) {
			new Call(BUDGET).disposable.dispose();
		}
		advance(1000);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.client.status().breaker().bufferedCalls()).isZero();
		succeed(1);
	}

	@Test
	void requestThatDoesNotFitDoesNotCount() {
		this.answer = Mono.error(new PluginFailure.TooLarge(ID, "5 MB"));
		for (int i = 0; i < 30; i++) {
			assertThat(failure()).isInstanceOf(PluginFailure.TooLarge.class);
		}
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void bulkhead() {
		PluginClient.Guarded narrow = this.plugins.decorate(spec(2), this::decide, BreakerListener.NONE);
		this.answer = Mono.never();
		Call first = new Call(narrow, BUDGET);
		new Call(narrow, BUDGET);
		Call third = new Call(narrow, BUDGET);
		assertThat(third.failure).isInstanceOf(PluginFailure.BulkheadFull.class)
			.hasMessage("plugin fake: not asked: expected: at most 2 calls at once, got: one more");
		assertThat(this.calls).hasValue(2);
		first.disposable.dispose();
		new Call(narrow, BUDGET);
		assertThat(this.calls).hasValue(3);
		advance(200);
		this.answer = Mono.just(Decision.Continue.UNCHANGED);
		assertThat(new Call(narrow, BUDGET).decision).isNotNull();
		assertThat(narrow.status().breaker().bufferedCalls()).isEqualTo(3);
	}

	@Test
	void halfOpensAfter5SecondsAndClosesAfter5GoodCalls() {
		fail(20);
		advance(5000);
		assertThat(failure()).isInstanceOf(PluginFailure.BreakerOpen.class);
		advance(1);
		succeed(4);
		assertThat(state()).isEqualTo(BreakerState.HALF_OPEN);
		succeed(1);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.transitions).containsExactly("CLOSED>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>CLOSED");
		advance(60_000);
		assertThat(this.transitions).hasSize(3);
	}

	@Test
	void halfOpenLets5CallsThrough() {
		fail(20);
		advance(5001);
		this.answer = Mono.never();
		for (int i = 0; i < 5; i++) {
			assertThat(new Call(BUDGET).failure).isNull();
		}
		assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.BreakerOpen.class);
	}

	@Test
	void cancelledTrialCallGivesItsPlaceBack() {
		fail(20);
		advance(5001);
		this.answer = Mono.never();
		for (int i = 0; i < 50; i++) {
			new Call(BUDGET).disposable.dispose();
		}
		succeed(5);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void openTimeDoublesTo60SecondsAndStartsAnewAfterClosing() {
		fail(20);
		for (int seconds : new int[] { 5, 10, 20, 40, 60, 60 }) {
			advance(seconds * 1000L);
			assertThat(failure()).as("after %s s", seconds).isInstanceOf(PluginFailure.BreakerOpen.class);
			advance(1);
			fail(5);
			assertThat(state()).isEqualTo(BreakerState.OPEN);
		}
		advance(60_001);
		succeed(5);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
		fail(20);
		advance(5001);
		succeed(1);
		assertThat(state()).isEqualTo(BreakerState.HALF_OPEN);
	}

	@Test
	void trialOfAQuietGatewayClosesAfter10SecondsWhenNothingFailed() {
		fail(20);
		advance(5001);
		succeed(2);
		advance(9999);
		assertThat(state()).isEqualTo(BreakerState.HALF_OPEN);
		advance(1);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void trialOfAQuietGatewayOpensAfter10SecondsWhenACallFailed() {
		fail(20);
		advance(5001);
		succeed(2);
		fail(1);
		advance(10_000);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
		advance(10_000);
		assertThat(failure()).isInstanceOf(PluginFailure.BreakerOpen.class);
		advance(1);
		succeed(5);
		assertThat(state()).isEqualTo(BreakerState.CLOSED);
	}

	@Test
	void limitOfAnEarlierTrialDoesNotEndALaterOne() {
		fail(20);
		advance(5001);
		fail(5);
		advance(10_001);
		succeed(1);
		assertThat(state()).isEqualTo(BreakerState.HALF_OPEN);
		advance(9000);
		assertThat(state()).isEqualTo(BreakerState.HALF_OPEN);
	}

	@Test
	void decisionWithoutGrantFailsAndCounts() {
		this.answer = Mono
			.just(new Decision.Continue(List.of(new HeaderMutation.Set("X-Score", "1")), List.of(), Map.of(), ""));
		for (int i = 0; i < 20; i++) {
			assertThat(failure()).isInstanceOf(PluginFailure.ProtocolError.class)
				.hasMessage("plugin fake: refused decision: it changed request headers without the grant "
						+ "http.request.modify");
		}
		assertThat(state()).isEqualTo(BreakerState.OPEN);
	}

	@Test
	void whateverElseGoesWrongIsAProtocolError() {
		this.answer = Mono.error(new IllegalStateException("bug"));
		assertThat(failure()).isInstanceOf(PluginFailure.ProtocolError.class)
			.hasMessage("plugin fake: unexpected failure: java.lang.IllegalStateException: bug");
		this.answer = Mono.empty();
		assertThat(failure()).isInstanceOf(PluginFailure.ProtocolError.class)
			.hasMessage("plugin fake: expected: a decision, got: none");
		PluginClient throwing = this.plugins.decorate(spec(1), (event, budget) -> {
			throw new IllegalStateException("bug");
		}, BreakerListener.NONE);
		assertThat(new Call(throwing, BUDGET).failure).isInstanceOf(PluginFailure.ProtocolError.class);
	}

	@Test
	void newProcessStartsWithABreakerOfItsOwn() {
		fail(20);
		PluginClient.Guarded fresh = this.plugins.decorate(spec(256), this::decide, BreakerListener.NONE);
		assertThat(new Call(fresh, BUDGET).failure).isSameAs(CRASH);
		assertThat(fresh.status().breaker().state()).isEqualTo(BreakerState.CLOSED);
		assertThat(state()).isEqualTo(BreakerState.OPEN);
		assertThat(this.transitions).containsExactly("CLOSED>OPEN");
	}

	@Test
	void latencyIsThatOfTheCallsOfTheLastMinute() {
		assertThat(this.client.status().latency()).isEqualTo(LatencyStatus.NONE);
		slow(3, 20);
		slow(1, 100);
		assertThat(this.client.status().latency())
			.isEqualTo(new LatencyStatus(4, Duration.ofMillis(40), Duration.ofMillis(100)));
		advance(61_000);
		assertThat(this.client.status().latency()).isEqualTo(LatencyStatus.NONE);
		slow(1, 30);
		assertThat(this.client.status().latency())
			.isEqualTo(new LatencyStatus(1, Duration.ofMillis(30), Duration.ofMillis(30)));
	}

	@Test
	void latencyCountsTimeoutsButNeitherRefusedNorAbandonedCalls() {
		this.answer = Mono.never();
		for (int i = 0; i < 20; i++) {
			new Call(BUDGET);
		}
		new Call(BUDGET).disposable.dispose();
		advance(200);
		assertThat(failure()).isInstanceOf(PluginFailure.BreakerOpen.class);
		assertThat(this.client.status().latency()).isEqualTo(new LatencyStatus(20, TIMEOUT, TIMEOUT));
	}

	private Mono<Decision> decide(RequestEvent event, Duration budget) {
		this.calls.incrementAndGet();
		this.lastLimit = budget;
		return this.answer;
	}

	private void fail(int times) {
		this.answer = Mono.error(CRASH);
		for (int i = 0; i < times; i++) {
			assertThat(failure()).isSameAs(CRASH);
		}
	}

	private void succeed(int times) {
		this.answer = Mono.just(Decision.Continue.UNCHANGED);
		for (int i = 0; i < times; i++) {
			assertThat(decision()).isNotNull();
		}
	}

	private void slow(int times, int millis) {
		this.answer = Mono.just((Decision) Decision.Continue.UNCHANGED)
			.delaySubscription(Duration.ofMillis(millis), this.time);
		List<Call> started = new ArrayList<>();
		for (int i = 0; i < times; i++) {
			started.add(new Call(BUDGET));
		}
		advance(millis);
		assertThat(started).allSatisfy((call) -> assertThat(call.decision).isNotNull());
	}

	private Decision decision() {
		return new Call(BUDGET).decision;
	}

	private Throwable failure() {
		return new Call(BUDGET).failure;
	}

	private BreakerState state() {
		return this.client.status().breaker().state();
	}

	private void advance(long millis) {
		this.time.advanceTimeBy(Duration.ofMillis(millis));
	}

	private static PluginSpec spec(int maxConcurrent) {
		return spec(maxConcurrent, TIMEOUT);
	}

	private static PluginSpec spec(int maxConcurrent, Duration timeout) {
		return TestSpec.named(ID.name()).timeout(timeout).maxConcurrent(maxConcurrent).build();
	}

	/** One subscription and what came of it. */
	private final class Call {

		private Decision decision;

		private Throwable failure;

		private int signals;

		private final Disposable disposable;

		Call(Duration budget) {
			this(GuardedPluginsTests.this.client, budget);
		}

		Call(PluginClient client, Duration budget) {
			this.disposable = client.decide(EVENT, budget).subscribe((value) -> {
				this.decision = value;
				this.signals++;
			}, (error) -> {
				this.failure = error;
				this.signals++;
			});
		}

	}

	/** Decides at once, and reports what the test says. */
	private final class Breaking implements PluginClient {

		@Override
		public Mono<Decision> decide(RequestEvent event, Duration budget) {
			return Mono.just(Decision.Continue.UNCHANGED);
		}

		@Override
		public void reportTo(Consumer<PluginFailure> guard) {
			GuardedPluginsTests.this.breaks = guard;
		}

	}

}
