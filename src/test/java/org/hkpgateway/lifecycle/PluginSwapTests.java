package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.lifecycle.PluginStatus.Swap;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.DRAINING;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STANDBY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginSlot}: a hot swap from its start to its end, and all that may go
 * wrong in between.
 */
@ExtendWith(OutputCaptureExtension.class)
class PluginSwapTests {

	private final HostHarness harness = new HostHarness();

	private final FakePlugin plugin = this.harness.plugin("a");

	private final VirtualTime time = this.harness.time;

	private final PluginHost host = this.harness.host;

	@Test
	void readyOneIsReplacedAndStandsByUntilTheTrialIsOver() {
		start();
		List<PluginRegistry.Entry> before = this.host.chain();
		assertThat(reload().outcome()).isEqualTo(ActionResult.Outcome.DONE);
		assertThat(this.host.chain()).isNotSameAs(before).hasSize(1);
		assertThat(ask()).isEqualTo("2");
		PluginStatus status = status();
		assertThat(status.state()).isEqualTo(READY);
		assertThat(status.generation()).isEqualTo(2);
		assertThat(status.other().state()).isEqualTo(STANDBY);
		assertThat(status.other().generation()).isEqualTo(1);
		assertThat(status.lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		this.time.advance(Duration.ofMillis(29_999));
		assertThat(this.plugin.running()).isEqualTo(2);
		this.time.advance(Duration.ofMillis(1));
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(status().other()).isNull();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.DONE);
		assertThat(this.harness.transitions).extracting(Transition::to)
			.containsExactly(STARTING, READY, STARTING, READY, STANDBY, DRAINING, STOPPED);
		assertThat(this.harness.fakes.log).filteredOn((line) -> line.startsWith("a shutdown")).hasSize(1);
	}

	@Test
	void oldOneDecidesWhileTheNewOneStarts() {
		start();
		this.plugin.onInitialize = () -> {
			assertThat(ask()).isEqualTo("1");
			assertThat(status().other().state()).isEqualTo(STARTING);
			assertThat(status().state()).isEqualTo(READY);
		};
		reload();
		assertThat(ask()).isEqualTo("2");
	}

	@Test
	void newSpecComesWithTheNewGeneration() {
		this.harness.start(FakePlugins.spec("a", 10, false), FakePlugins.spec("b", 20, false));
		PluginRegistry.Entry old = this.harness.entry("a");
		var unused = this.host.apply(List.of(FakePlugins.spec("a", 30, false, Set.of(Capability.HTTP_REQUEST)),
				FakePlugins.spec("b", 20, false)));
		this.time.run();
		assertThat(names()).containsExactly("b", "a");
		assertThat(this.harness.entry("a").spec().granted()).containsExactly(Capability.HTTP_REQUEST);
		assertThat(old.spec().order()).isEqualTo(10);
		assertThat(old.current()).isSameAs(old);
		this.time.advance(Duration.ofSeconds(30));
		assertThat(old.current().spec().order()).isEqualTo(30);
	}

	@Test
	void newOneThatDoesNotStartLeavesTheOldOneUntouched() {
		start();
		List<PluginRegistry.Entry> before = this.host.chain();
		this.harness.failing("a");
		ActionResult result = reload();
		assertThat(result.outcome()).isEqualTo(ActionResult.Outcome.FAILED);
		assertThat(result.reason()).isEqualTo("the new generation did not start: no" + FakeProcess.ENDED);
		this.time.advance(Duration.ofMinutes(10));
		assertThat(this.plugin.processes()).hasSize(2);
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(this.host.chain()).isSameAs(before);
		assertThat(ask()).isEqualTo("1");
		assertThat(status().other()).isNull();
		assertThat(status().restarts()).isZero();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.FAILED);
		assertThat(status().lastSwap().reason()).isEqualTo("no" + FakeProcess.ENDED);
	}

	@Test
	void oldOneThatDiesWhileTheNewOneStartsRestartsAndIsReplaced() {
		start();
		this.plugin.onLaunch = () -> {
			this.plugin.onLaunch = () -> {
			};
			this.plugin.process().exit(1);
		};
		assertThat(reload().outcome()).isEqualTo(ActionResult.Outcome.DONE);
		this.time.run();
		assertThat(status().state()).isEqualTo(READY);
		assertThat(status().generation()).isEqualTo(2);
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(ask()).isEqualTo("2");
	}

	@Test
	void newOneThatDiesOnTrialIsRolledBackAndTheOldOneHelpsOutAtOnce() {
		start();
		reload();
		PluginRegistry.Entry held = this.harness.entry("a");
		this.plugin.process().exit(9, "oom");
		assertThat(ask()).isEqualTo("1");
		this.time.run();
		assertThat(ask()).isEqualTo("1");
		assertThat(HostHarness.ask(held)).isEqualTo("1");
		assertThat(status().state()).isEqualTo(READY);
		assertThat(status().generation()).isEqualTo(1);
		assertThat(status().other()).isNull();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason()).startsWith("process ended: exit code 9").contains("oom");
		this.time.advance(Duration.ofMinutes(10));
		assertThat(this.plugin.processes()).hasSize(2);
		assertThat(ask()).isEqualTo("1");
	}

	@Test
	void callsThatBreakOnTrialGoToTheOldOneBeforeTheExitIsKnown() {
		start();
		breaking();
		reload();
		PluginRegistry.Entry held = this.harness.entry("a");
		PluginClient onTrial = held.client();
		assertThatExceptionOfType(PluginFailure.Withdrawn.class).isThrownBy(() -> HostHarness.ask(onTrial));
		assertThat(HostHarness.ask(held)).isEqualTo("1");
		assertThat(ask()).isEqualTo("1");
		this.plugin.process().exit(3, "segfault");
		this.time.run();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason()).startsWith("process ended: exit code 3");
		assertThat(ask()).isEqualTo("1");
	}

	@Test
	void connectionThatBreaksOnTrialRollsBackThoughTheProcessLives() {
		start();
		breaking();
		reload();
		PluginClient onTrial = this.harness.entry("a").client();
		assertThatExceptionOfType(PluginFailure.Withdrawn.class).isThrownBy(() -> HostHarness.ask(onTrial));
		this.time.advance(Duration.ofSeconds(2));
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason()).startsWith("its connection broke: ").contains("connection reset");
		assertThat(ask()).isEqualTo("1");
		assertThat(this.plugin.running()).isEqualTo(1);
	}

	@Test
	void callsThatBreakAfterTheTrialAreFailures() {
		start();
		breaking();
		reload();
		PluginClient onTrial = this.harness.entry("a").client();
		this.time.advance(Duration.ofSeconds(31));
		assertThat(this.harness.entry("a").client()).isNotInstanceOf(TrialClient.class);
		assertUnavailable(onTrial);
	}

	@Test
	void callThatBreaksOnTrialIsAskedAgainOnlyOnce() {
		start();
		breaking();
		reload();
		this.time.advance(Duration.ofSeconds(31));
		reload();
		PluginRegistry.Entry held = this.harness.entry("a");
		PluginClient onTrial = held.client();
		assertThatExceptionOfType(PluginFailure.Withdrawn.class).isThrownBy(() -> HostHarness.ask(onTrial));
		assertUnavailable(held.current().client());
	}

	@Test
	void callThatBreaksOnTrialIsAFailureWhenTheOldOneIsGoneToo() {
		start();
		FakeProcess old = this.plugin.process();
		breaking();
		reload();
		PluginClient onTrial = this.harness.entry("a").client();
		assertThat(onTrial).isInstanceOf(TrialClient.class);
		old.exit(1);
		assertUnavailable(onTrial);
	}

	/** Both generations would be connections to one process, which may have seen it. */
	@Test
	void callThatBreaksOnTrialIsAFailureWhenTheProcessIsNotOurs() {
		this.harness
			.start(TestSpec.named("a").source(new PluginSource.Remote("keys.example:7000", null, null)).build());
		breaking();
		reload();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		assertUnavailable(this.harness.entry("a").client());
	}

	@Test
	void breakerThatOpensOnTrialRollsBackAndDrainsTheNewOne() {
		start();
		reload();
		PluginRegistry.Entry held = this.harness.entry("a");
		this.plugin.guard().open();
		this.time.run();
		assertThat(ask()).isEqualTo("1");
		assertThat(HostHarness.ask(held)).isEqualTo("1");
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason()).isEqualTo("its circuit breaker opened (request phase)");
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(this.harness.breakers).containsExactly("a CLOSED>OPEN");
	}

	/** A new process is slow at first, and clients get the keyserver's answer. */
	@ParameterizedTest
	@EnumSource(names = { "RESPONSE", "STORAGE" })
	void breakerOfAnotherPhaseRollsBackWhenItOpensAgain(Phase phase) {
		start();
		reload();
		this.plugin.guard().open(phase, BreakerState.CLOSED);
		this.time.run();
		assertThat(ask()).isEqualTo("2");
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		this.plugin.guard().open(phase, BreakerState.HALF_OPEN);
		this.time.run();
		assertThat(ask()).isEqualTo("1");
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason())
			.isEqualTo("its circuit breaker opened again (" + phase.label() + " phase)");
	}

	/** There was no time for the second look. */
	@Test
	void breakerOfAnotherPhaseThatHasNotClosedRollsBackAtTheEndOfTheTrial() {
		start();
		reload();
		this.time.advance(Duration.ofSeconds(20));
		this.plugin.guard().open(Phase.RESPONSE, BreakerState.CLOSED);
		this.time.run();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		this.time.advance(Duration.ofSeconds(11));
		assertThat(ask()).isEqualTo("1");
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
		assertThat(status().lastSwap().reason())
			.isEqualTo("its circuit breaker had not closed at the end of the trial of 30 s (response phase)");
	}

	@Test
	void breakerOfAnotherPhaseThatHasClosedPassesTheTrial() {
		start();
		reload();
		this.plugin.guard().open(Phase.RESPONSE, BreakerState.CLOSED);
		this.plugin.guard().close(Phase.RESPONSE);
		this.time.advance(Duration.ofSeconds(31));
		assertThat(ask()).isEqualTo("2");
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.DONE);
	}

	@Test
	void breakerOfAShadowRollsBackWhenItOpensAgain() {
		this.harness.start(TestSpec.named("a").shadow().build());
		reload();
		this.plugin.guard().open();
		this.time.run();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		this.plugin.guard().open(Phase.REQUEST, BreakerState.HALF_OPEN);
		this.time.run();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ROLLED_BACK);
	}

	@Test
	void aBreakerThatChangesIsLoggedWithWhatFollows(CapturedOutput log) {
		this.harness.start(HostHarness.spec("a"), TestSpec.named("s").shadow().build());
		this.plugin.guard().open();
		assertThat(log)
			.contains("Circuit breaker of plugin a, request phase: CLOSED -> OPEN; its fail policy applies until it "
					+ "recovers");
		this.harness.plugin("s").guard().open();
		assertThat(log)
			.contains("Circuit breaker of plugin s, request phase: CLOSED -> OPEN; nothing is compared until "
					+ "it recovers");
	}

	@Test
	void breakerOfTheOneThatStandsByIsNobodysBusiness() {
		start();
		FakeGuard old = this.plugin.guard();
		reload();
		old.open();
		this.time.run();
		assertThat(ask()).isEqualTo("2");
		assertThat(this.harness.breakers).isEmpty();
		assertThat(status().requests()).isEqualTo(this.plugin.guard().status());
	}

	@Test
	void breakerThatOpensAfterTheTrialRollsNothingBack() {
		start();
		reload();
		this.time.advance(Duration.ofSeconds(31));
		this.plugin.guard().open();
		this.time.run();
		assertThat(ask()).isEqualTo("2");
		assertThat(this.harness.breakers).containsExactly("a CLOSED>OPEN");
	}

	@Test
	void oldOneThatDiesInStandbyLeavesNothingToRollBackTo() {
		start();
		FakeProcess old = this.plugin.process();
		reload();
		old.exit(1);
		this.time.run();
		assertThat(status().other()).isNull();
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.DONE);
		assertThat(status().lastSwap().reason()).startsWith("nothing to roll back to");
		this.plugin.process().exit(1);
		this.time.run();
		assertThat(status().state()).isEqualTo(READY);
		assertThat(ask()).isEqualTo("3");
		assertThat(this.plugin.processes()).hasSize(3);
	}

	@Test
	void oldOneThatHangsInStandbyIsNoneToRollBackToEither() {
		start();
		// So that its checks come before those of the new one.
		this.time.advance(Duration.ofSeconds(5));
		reload();
		long before = this.time.now().toSeconds();
		this.plugin.health = () -> {
			if ((this.time.now().toSeconds() - before) % 10 == 5) {
				throw new PluginFailure.Timeout(HostHarness.id("a"), "silent");
			}
			return FakePlugin.HEALTHY;
		};
		this.time.advance(Duration.ofSeconds(24));
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(status().lastSwap().reason()).contains("3 of 3 health checks in a row without an answer");
		assertThat(status().other()).isNull();
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(ask()).isEqualTo("2");
	}

	@Test
	void bothDieAtTheSameTimeAndOneIsStartedAgain() {
		start();
		FakeProcess old = this.plugin.process();
		reload();
		this.plugin.process().exit(1);
		old.exit(1);
		this.time.advance(Duration.ofSeconds(2));
		assertThat(status().state()).isEqualTo(READY);
		assertThat(this.plugin.running()).isEqualTo(1);
		assertThat(ask()).isEqualTo("3");
	}

	@Test
	void oldOneThatDiedUnheardBeforeTheRollBackIsStartedAgain() {
		start();
		FakeProcess old = this.plugin.process();
		reload();
		old.exit(1);
		this.plugin.process().exit(1);
		this.time.advance(Duration.ofSeconds(2));
		assertThat(status().state()).isEqualTo(READY);
		assertThat(this.plugin.running()).isEqualTo(1);
	}

	@Test
	void secondReloadDuringTheTrialEndsTheTrialFirst() {
		start();
		FakeProcess first = this.plugin.process();
		reload();
		this.time.advance(Duration.ofSeconds(10));
		assertThat(reload().outcome()).isEqualTo(ActionResult.Outcome.DONE);
		assertThat(first.onExit()).isDone();
		assertThat(ask()).isEqualTo("3");
		assertThat(status().other().generation()).isEqualTo(2);
		this.time.advance(Duration.ofSeconds(29));
		assertThat(this.plugin.running()).isEqualTo(2);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.plugin.running()).isEqualTo(1);
	}

	@Test
	void secondReloadDuringTheStartReplacesTheFirst() {
		start();
		CompletableFuture<ActionResult> first = this.host.reload(HostHarness.id("a"), "first");
		CompletableFuture<ActionResult> second = this.host.reload(HostHarness.id("a"), "second");
		assertThat(this.harness.result(second).outcome()).isEqualTo(ActionResult.Outcome.DONE);
		assertThat(first.join()).isEqualTo(ActionResult.failed("given up: second"));
		assertThat(this.plugin.running()).isEqualTo(2);
		assertThat(status().lastSwap().outcome()).isEqualTo(Swap.Outcome.ON_TRIAL);
	}

	@Test
	void oneThatIsNotReadyIsStartedAfresh() {
		this.harness.failing("a");
		start();
		this.time.advance(Duration.ofSeconds(10));
		assertThat(status().state()).isEqualTo(FAILED);
		this.harness.healed("a");
		assertThat(reload().outcome()).isEqualTo(ActionResult.Outcome.DONE);
		assertThat(status().state()).isEqualTo(READY);
		assertThat(status().other()).isNull();
		assertThat(status().failures()).isEmpty();
	}

	@Test
	void freshStartThatFailsSaysSoAndGoesOn() {
		this.harness.failing("a");
		start();
		this.time.advance(Duration.ofSeconds(10));
		ActionResult result = reload();
		assertThat(result.outcome()).isEqualTo(ActionResult.Outcome.FAILED);
		assertThat(result.reason()).isEqualTo("no" + FakeProcess.ENDED + "; next start in 0.0 s");
		this.time.advance(Duration.ofMillis(500));
		assertThat(status().state()).isEqualTo(BACKOFF);
	}

	@Test
	void requestsInFlightFinishOnTheOldClient() {
		Sinks.One<Decision> answer = Sinks.one();
		this.plugin.answer = answer.asMono();
		this.host.start(List.of(HostHarness.spec("a")));
		this.time.run();
		CompletableFuture<Decision> call = this.harness.entry("a")
			.client()
			.decide(Requests.any(), Duration.ofSeconds(60))
			.toFuture();
		FakeProcess old = this.plugin.process();
		reload();
		this.time.advance(Duration.ofSeconds(33));
		assertThat(old.onExit()).isNotDone();
		answer.tryEmitValue(Decision.Continue.UNCHANGED).orThrow();
		this.time.run();
		assertThat(call).isCompleted();
		assertThat(old.onExit()).isDone();
	}

	@Test
	void entryHeldOverTheWholeSwapLeadsToTheNewGeneration() {
		start();
		PluginRegistry.Entry held = this.harness.entry("a");
		reload();
		assertThat(HostHarness.ask(held)).isEqualTo("1");
		this.time.advance(Duration.ofSeconds(31));
		assertThat(HostHarness.ask(held)).isEqualTo("2");
	}

	@Test
	void clientHeldOverTheDrainIsWithdrawnNotFailed() {
		start();
		PluginRegistry.Entry held = this.harness.entry("a");
		PluginClient client = held.client();
		reload();
		this.time.advance(Duration.ofSeconds(31));
		assertThat(client.decide(Requests.any(), Duration.ofSeconds(1)).materialize().block().getThrowable())
			.isInstanceOf(PluginFailure.Withdrawn.class);
		assertThat(held.current()).isNotSameAs(held);
	}

	@Test
	void stopInEachPhaseEndsBoth() {
		start();
		var starting = this.host.reload(HostHarness.id("a"), "test");
		assertThat(this.harness.result(this.host.disable(HostHarness.id("a"))).outcome())
			.isEqualTo(ActionResult.Outcome.DONE);
		assertThat(starting.join().outcome()).isEqualTo(ActionResult.Outcome.FAILED);
		assertThat(this.plugin.running()).isZero();
		this.harness.result(this.host.enable(HostHarness.id("a")));
		reload();
		assertThat(this.plugin.running()).isEqualTo(2);
		this.harness.result(this.host.disable(HostHarness.id("a")));
		assertThat(this.plugin.running()).isZero();
		assertThat(status().state()).isEqualTo(STOPPED);
		assertThat(status().other()).isNull();
	}

	@Test
	void requiredOneOnTrialIsStillReady() {
		this.harness.start(FakePlugins.spec("a", 10, true));
		reload();
		assertThat(this.host.requiredReady()).isTrue();
		this.plugin.process().exit(1);
		this.time.run();
		assertThat(this.host.requiredReady()).isTrue();
	}

	private void breaking() {
		this.plugin.ownAnswer = () -> Mono
			.error(new PluginFailure.Unavailable(HostHarness.id("a"), "connection reset"));
	}

	private static void assertUnavailable(PluginClient client) {
		assertThatExceptionOfType(PluginFailure.Unavailable.class).isThrownBy(() -> HostHarness.ask(client));
	}

	private void start() {
		this.harness.start(HostHarness.spec("a"));
	}

	private ActionResult reload() {
		return this.harness.result(this.host.reload(HostHarness.id("a"), "test"));
	}

	private String ask() {
		return this.harness.ask("a");
	}

	private PluginStatus status() {
		return this.harness.status("a");
	}

	private List<String> names() {
		return this.host.chain().stream().map((entry) -> entry.spec().id().name()).toList();
	}

}
