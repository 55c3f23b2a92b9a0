package org.hkpgateway.resilience;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the guards of the response phase have of their own. What they share with those of
 * the request phase is tested in {@link GuardedPluginsTests}.
 */
class GuardedResponsesTests {

	private static final PluginId ID = new PluginId("fake");

	private static final ResponseEvent EVENT = new ResponseEvent(
			new RequestEvent("r-1", new RequestHead("GET", "/", Headers.empty()), "/", Map.of(), null,
					new InetSocketAddress("127.0.0.1", 1), false, RequestBody.ABSENT, Map.of()),
			true, 200, Headers.empty(), Duration.ZERO);

	private static final Duration BUDGET = Duration.ofMillis(100);

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final List<String> transitions = new ArrayList<>();

	private final List<Duration> limits = new ArrayList<>();

	private final GuardedPlugins plugins = new GuardedPlugins(Duration.ofSeconds(1), BUDGET,
			() -> this.time.now(TimeUnit.NANOSECONDS), this.time, () -> 0.5);

	private Mono<ResponseDecision> answer = Mono.just(ResponseDecision.UNCHANGED);

	private boolean declared = true;

	private final PluginClient.Guarded client = guarded(2, Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE);

	@AfterEach
	void endTime() {
		this.time.dispose();
	}

	@Test
	void onlyWithGrantAndFeature() {
		assertThat(this.client.responses()).isNotNull();
		assertThat(guarded(2, Capability.HTTP_REQUEST, Capability.HTTP_RESPOND).responses()).isNull();
		this.declared = false;
		assertThat(this.client.responses()).isNull();
	}

	@Test
	void theLimitIsTheSmallestOfTimeoutBudgetAndWhatIsLeft() {
		review(Duration.ofSeconds(9));
		review(Duration.ofMillis(30));
		assertThat(this.limits).containsExactly(BUDGET, Duration.ofMillis(30));
	}

	@Test
	void lateOnesFailAtTheBudgetAndOpenTheBreakerOfThisPhaseOnly() {
		this.answer = Mono.never();
		for (int i = 0; i < 10; i++) {
			Call one = new Call(BUDGET);
			Call other = new Call(BUDGET);
			advance(99);
			assertThat(one.failure).isNull();
			advance(1);
			assertThat(List.of(one.failure, other.failure)).hasOnlyElementsOfType(PluginFailure.Timeout.class);
		}
		assertThat(this.client.responses().status().breaker().state()).isEqualTo(BreakerState.OPEN);
		assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.BreakerOpen.class);
		assertThat(this.transitions).containsExactly("RESPONSE CLOSED>OPEN");
		assertThat(this.client.status().breaker().state()).isEqualTo(BreakerState.CLOSED);
		assertThat(this.client.decide(EVENT.request(), Duration.ofSeconds(1)).block())
			.isSameAs(Decision.Continue.UNCHANGED);
		assertThat(this.client.responses().status().latency().calls()).isEqualTo(20);
		assertThat(this.client.status().latency().calls()).isEqualTo(1);
	}

	@Test
	void theBulkheadIsAnotherOne() {
		this.answer = Mono.never();
		Call first = new Call(BUDGET);
		new Call(BUDGET);
		assertThat(this.client.responses().status().callsInFlight()).isEqualTo(2);
		assertThat(this.client.status().callsInFlight()).isZero();
		assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.BulkheadFull.class);
		assertThat(this.client.decide(EVENT.request(), Duration.ofSeconds(1)).block()).isNotNull();
		first.disposable.dispose();
		assertThat(this.client.responses().status().callsInFlight()).isEqualTo(1);
		assertThat(this.client.responses().status().breaker().bufferedCalls()).isZero();
	}

	@Test
	void aReservedHeaderFailsTheWholeDecision() {
		this.answer = Mono.just(new ResponseDecision(
				List.of(new HeaderMutation.Set("X-Good", "1"), new HeaderMutation.Remove("transfer-encoding")),
				Map.of(), ""));
		assertThat(new Call(BUDGET).failure).isInstanceOf(PluginFailure.ProtocolError.class)
			.hasMessage("plugin fake: refused decision: it changed the response header transfer-encoding, "
					+ "which no plugin may write");
	}

	private void review(Duration budget) {
		assertThat(this.client.responses().review(EVENT, budget).block()).isSameAs(ResponseDecision.UNCHANGED);
	}

	private void advance(long millis) {
		this.time.advanceTimeBy(Duration.ofMillis(millis));
	}

	private PluginClient.Guarded guarded(int maxConcurrent, Capability... granted) {
		return this.plugins.decorate(TestSpec.named(ID.name())
			.timeout(Duration.ofMillis(200))
			.maxConcurrent(maxConcurrent)
			.granted(granted)
			.build(), new PluginClient() {

				@Override
				public Mono<Decision> decide(RequestEvent event, Duration budget) {
					return Mono.just(Decision.Continue.UNCHANGED);
				}

				@Override
				public ResponseClient responses() {
					return GuardedResponsesTests.this.declared ? this::review : null;
				}

				private Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
					GuardedResponsesTests.this.limits.add(budget);
					return GuardedResponsesTests.this.answer;
				}

			}, (plugin, phase, from, to) -> this.transitions.add(phase + " " + from + ">" + to));
	}

	/** One subscription and what came of it. */
	private final class Call {

		private Throwable failure;

		private final Disposable disposable;

		Call(Duration budget) {
			this.disposable = GuardedResponsesTests.this.client.responses().review(EVENT, budget).subscribe((value) -> {
			}, (error) -> this.failure = error);
		}

	}

}
