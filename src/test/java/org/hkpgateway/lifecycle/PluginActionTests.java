package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.lifecycle.ActionResult.Outcome;
import org.hkpgateway.plugin.PluginRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.DRAINING;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for the actions of {@link PluginHost}: restart, enable and disable, in every
 * state that matters to them.
 */
class PluginActionTests {

	private final HostHarness harness = new HostHarness();

	private final PluginHost host = this.harness.host;

	@Test
	void restartStopsAndStarts() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.transitions.clear();
		assertThat(restart("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.transitions).extracting(Transition::to)
			.containsExactly(DRAINING, STOPPED, STARTING, READY);
		assertThat(this.harness.fakes.log).contains("a shutdown: by hand");
		assertThat(this.harness.status("a").generation()).isEqualTo(2);
		assertThat(this.harness.status("a").restarts()).isZero();
	}

	@Test
	void restartOfAFailedOneStartsItWithACleanRecord() {
		this.harness.failing("a");
		this.harness.start(HostHarness.spec("a"));
		this.harness.time.advance(Duration.ofSeconds(10));
		assertThat(this.harness.state("a")).isEqualTo(FAILED);
		this.harness.healed("a");
		assertThat(restart("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.state("a")).isEqualTo(READY);
	}

	@Test
	void restartThatFailsSaysWhyAndGoesOn() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.failing("a");
		ActionResult result = restart("a");
		assertThat(result).isEqualTo(ActionResult.failed("no" + FakeProcess.ENDED + "; next start in 0.0 s"));
		assertThat(this.harness.state("a")).isEqualTo(BACKOFF);
	}

	@Test
	void restartInTheMomentOfADeathIsNotToldOfThatDeath() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.plugin("a").process().exit(1);
		assertThat(restart("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.state("a")).isEqualTo(READY);
		assertThat(this.harness.plugin("a").running()).isEqualTo(1);
	}

	@Test
	void restartDuringATrialEndsIt() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.result(this.host.reload(HostHarness.id("a"), "test"));
		assertThat(restart("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.plugin("a").running()).isEqualTo(1);
		assertThat(this.harness.status("a").other()).isNull();
		assertThat(this.harness.ask("a")).isEqualTo("3");
	}

	@Test
	void secondRestartEndsTheFirst() {
		this.harness.start(HostHarness.spec("a"));
		CompletableFuture<ActionResult> first = this.host.restart(HostHarness.id("a"), "one");
		CompletableFuture<ActionResult> second = this.host.restart(HostHarness.id("a"), "two");
		assertThat(this.harness.result(second).outcome()).isEqualTo(Outcome.DONE);
		assertThat(first.join()).isEqualTo(ActionResult.failed("given up: two"));
		assertThat(this.harness.plugin("a").running()).isEqualTo(1);
	}

	@Test
	void disabledOneIsKnownAndShownButNeitherStartedNorInTheChain() {
		this.harness.start(HostHarness.disabled("a"), HostHarness.spec("b"));
		assertThat(this.host.chain()).extracting((entry) -> entry.spec().id().name()).containsExactly("b");
		assertThat(this.harness.status("a").enabled()).isFalse();
		assertThat(this.harness.state("a")).isEqualTo(STOPPED);
		assertThat(this.harness.plugin("a").processes()).isEmpty();
		assertThat(this.host.settled()).isCompleted();
	}

	@Test
	void enableStartsItAndItJoinsTheChainWhenReady() {
		this.harness.start(HostHarness.disabled("a"));
		this.harness.plugin("a").onInitialize = () -> assertThat(this.host.chain()).isEmpty();
		assertThat(enable("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.ask("a")).isEqualTo("1");
		assertThat(this.harness.status("a").enabled()).isTrue();
	}

	@Test
	void enabledOneThatDoesNotStartIsBelievedInAllTheSame() {
		this.harness.start(HostHarness.disabled("a"));
		this.harness.failing("a");
		assertThat(enable("a").outcome()).isEqualTo(Outcome.FAILED);
		assertThat(this.harness.ask("a")).isEqualTo("down");
	}

	@Test
	void disableTakesItOutOfTheChainAndStopsIt() {
		this.harness.start(HostHarness.spec("a"));
		PluginRegistry.Entry held = this.harness.entry("a");
		assertThat(disable("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.host.chain()).isEmpty();
		assertThat(this.harness.state("a")).isEqualTo(STOPPED);
		assertThat(this.harness.plugin("a").running()).isZero();
		assertThat(HostHarness.ask(held)).isEqualTo("left");
		this.harness.time.advance(Duration.ofHours(1));
		assertThat(this.harness.plugin("a").processes()).hasSize(1);
	}

	@Test
	void disableAndEnableInOneMoment() {
		this.harness.start(HostHarness.spec("a"));
		CompletableFuture<ActionResult> disabled = this.host.disable(HostHarness.id("a"));
		assertThat(enable("a").outcome()).isEqualTo(Outcome.DONE);
		assertThat(disabled.join().outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.ask("a")).isEqualTo("2");
		assertThat(this.harness.plugin("a").running()).isEqualTo(1);
	}

	@Test
	void disableOfOneThatIsNeededIsRefused() {
		this.harness.start(HostHarness.spec("a"), FakePlugins.spec("b", 20, false, "a"),
				FakePlugins.spec("c", 30, false, "a"), HostHarness.disabled("d", "a"));
		ActionResult result = disable("a");
		assertThat(result).isEqualTo(
				ActionResult.refused("expected: no enabled plugin that depends on it, got: b, c; disable these first"));
		assertThat(this.harness.state("a")).isEqualTo(READY);
		disable("b");
		disable("c");
		assertThat(disable("a").outcome()).isEqualTo(Outcome.DONE);
	}

	@Test
	void whatIsSoAlreadyIsUnchanged() {
		this.harness.start(HostHarness.spec("a"), HostHarness.disabled("b"));
		assertThat(enable("a").outcome()).isEqualTo(Outcome.UNCHANGED);
		assertThat(disable("b").outcome()).isEqualTo(Outcome.UNCHANGED);
	}

	@Test
	void disabledOneIsNeitherRestartedNorReloaded() {
		this.harness.start(HostHarness.disabled("a"));
		assertThat(restart("a").outcome()).isEqualTo(Outcome.REFUSED);
		assertThat(this.harness.result(this.host.reload(HostHarness.id("a"), "x")).outcome())
			.isEqualTo(Outcome.REFUSED);
		assertThat(this.harness.plugin("a").processes()).isEmpty();
	}

	@Test
	void enableOfOneWhoseDependencyIsDisabledIsRefused() {
		this.harness.start(HostHarness.disabled("a"), HostHarness.disabled("b", "a"));
		assertThat(enable("b").reason()).startsWith("depends on a, expected: installed and enabled");
		assertThat(this.harness.status("b").enabled()).isFalse();
	}

	@Test
	void enableOfOneWhoseDependencyIsNotReadyWaits() {
		this.harness.failing("a");
		this.harness.start(HostHarness.spec("a"), HostHarness.disabled("b", "a"));
		ActionResult result = enable("b");
		assertThat(result).isEqualTo(ActionResult.waiting("waits for a to be READY"));
		assertThat(this.harness.ask("b")).isEqualTo("down");
		assertThat(this.harness.status("b").waitingFor()).containsExactly(HostHarness.id("a"));
		assertThat(restart("b").outcome()).isEqualTo(Outcome.WAITING);
		this.harness.healed("a");
		this.harness.time.advance(Duration.ofSeconds(5));
		assertThat(this.harness.state("b")).isEqualTo(READY);
		assertThat(this.harness.status("b").waitingFor()).isEmpty();
	}

	@Test
	void enableOfAMissingDependencyStartsWhoeverFailedForIt() {
		this.harness.start(HostHarness.disabled("a"), FakePlugins.spec("b", 20, false, "a"));
		assertThat(this.harness.state("b")).isEqualTo(FAILED);
		assertThat(restart("b").reason()).startsWith("depends on a");
		assertThat(enable("a").outcome()).isEqualTo(Outcome.DONE);
		this.harness.time.run();
		assertThat(this.harness.state("b")).isEqualTo(READY);
	}

	@Test
	void requiredOneThatIsDisabledBeforeItWasReadyDoesNotKeepReadinessDown() {
		this.harness.failing("a");
		this.harness.start(FakePlugins.spec("a", 10, true));
		assertThat(this.host.settled()).isNotDone();
		disable("a");
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isTrue();
	}

	@Test
	void unknownNameIsSaidClearly() {
		this.harness.start(HostHarness.spec("a"));
		assertThatIllegalArgumentException().isThrownBy(() -> this.host.restart(HostHarness.id("x"), ""))
			.withMessage("plugin x: expected: one of [a], got: an unknown plugin");
		assertThatIllegalArgumentException().isThrownBy(() -> this.host.status(HostHarness.id("x")));
	}

	@Test
	void closeEndsWhatIsGoingOnAndRefusesWhatComes() {
		this.harness.start(HostHarness.spec("a"));
		CompletableFuture<ActionResult> begun = this.host.reload(HostHarness.id("a"), "test");
		this.host.close(Duration.ZERO);
		assertThat(begun).isCompletedWithValue(ActionResult.failed("the gateway stops"));
		assertThat(this.host.disable(HostHarness.id("a")))
			.isCompletedWithValue(ActionResult.refused("the gateway stops"));
	}

	@Test
	void futureOfOneCallerIsItsOwn() {
		this.harness.start(HostHarness.spec("a"));
		this.host.restart(HostHarness.id("a"), "test").cancel(false);
		this.harness.time.run();
		assertThat(this.harness.status("a").generation()).isEqualTo(2);
	}

	private ActionResult restart(String name) {
		return this.harness.result(this.host.restart(HostHarness.id(name), "by hand"));
	}

	private ActionResult enable(String name) {
		return this.harness.result(this.host.enable(HostHarness.id(name)));
	}

	private ActionResult disable(String name) {
		return this.harness.result(this.host.disable(HostHarness.id(name)));
	}

}
