package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginSupervisor}: from STOPPED to READY, and starts that fail.
 */
class SupervisorStartTests {

	private static final PluginId ID = new PluginId("a");

	private final SupervisorHarness harness = new SupervisorHarness();

	private final FakePlugin plugin = this.harness.plugin;

	@Test
	void beforeStartThereIsNothing() {
		assertThat(this.harness.supervisor.client()).isNull();
		PluginStatus status = this.harness.status();
		assertThat(status.state()).isEqualTo(STOPPED);
		assertThat(status.pid()).isEmpty();
		assertThat(status.generation()).isZero();
		assertThat(status.health()).isNull();
		assertThat(status.lastFailure()).isEmpty();
	}

	@Test
	void startTakesAllStepsInOrder() {
		this.plugin.onLaunch = () -> this.harness.time.pass(Duration.ofMillis(700));
		this.harness.started();
		assertThat(this.harness.fakes.log).containsExactly("a launch 60", "a connect 10", "a initialize 10",
				"a health 5");
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY);
		assertThat(this.harness.lastReason()).isEqualTo("started in 700 ms as pid 101");
		assertThat(this.harness.supervisor.client()).isNotNull();
		PluginStatus status = this.harness.status();
		assertThat(status.pid()).hasValue(101);
		assertThat(status.generation()).isEqualTo(1);
		assertThat(status.restarts()).isZero();
		assertThat(status.since()).isEqualTo(VirtualTime.EPOCH.plusMillis(700));
		assertThat(status.health()).isEqualTo(FakePlugin.HEALTHY);
	}

	@Test
	void clientIsThereWhenListenersHearOfReady() {
		boolean[] seen = new boolean[1];
		this.harness.onTransition = (
				transition) -> seen[0] = transition.to() == READY && this.harness.supervisor.client() != null;
		this.harness.started();
		assertThat(seen[0]).isTrue();
	}

	@Test
	void clientIsNotThereWhileStarting() {
		this.plugin.onDecorate = () -> assertThat(this.harness.supervisor.client()).isNull();
		this.harness.started();
		assertThat(this.harness.status().state()).isEqualTo(READY);
	}

	@Test
	void reducedGrantsAreShown() {
		SupervisorHarness reduced = new SupervisorHarness(
				FakePlugins.spec("a", 10, false, Set.of(Capability.HTTP_REQUEST)));
		reduced.started();
		assertThat(reduced.lastReason()).endsWith("reduced: asked for but not granted: [http.respond]");
		assertThat(reduced.status().reduced()).isTrue();
	}

	@Test
	void slowLaunchLeavesLittleTimeForTheRest() {
		this.plugin.onLaunch = () -> this.harness.time.pass(Duration.ofSeconds(55));
		this.plugin.onInitialize = () -> this.harness.time.pass(Duration.ofSeconds(6));
		this.harness.started();
		assertThat(this.harness.fakes.log).containsExactly("a launch 60", "a connect 5", "a initialize 5",
				"a health 1");
	}

	@Test
	void launchThatFailsBacksOff() {
		this.plugin.onLaunch = () -> {
			throw new PluginStartException(ID, "expected: a handshake, got: exit code 1");
		};
		this.harness.started();
		assertThat(this.harness.states()).startsWith(STOPPED, STARTING, BACKOFF, STARTING, BACKOFF);
		assertThat(this.harness.transitions.get(1).reason())
			.isEqualTo("expected: a handshake, got: exit code 1; next start in 0.0 s");
		assertThat(this.harness.status().lastFailure()).hasValueSatisfying(
				(failure) -> assertThat(failure.reason()).isEqualTo("expected: a handshake, got: exit code 1"));
	}

	@Test
	void connectionThatFailsEndsTheProcess() {
		this.plugin.onConnect = () -> {
			throw new PluginStartException(ID, "no connection");
		};
		this.harness.started();
		assertThat(this.harness.states()).startsWith(STOPPED, STARTING, BACKOFF);
		assertThat(this.plugin.processes().get(0).ends()).containsExactly("0/2000");
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void refusedInitializeIsADeath() {
		this.harness.allDie(() -> {
			throw new PluginStartException(ID, "Initialize: refused: threshold must be a number");
		});
		this.harness.started();
		assertThat(this.harness.fakes.log).startsWith("a launch 60", "a connect 10", "a initialize 10", "a close",
				"a launch 60");
		assertThat(this.harness.transitions.get(1).reason())
			.isEqualTo("Initialize: refused: threshold must be a number" + FakeProcess.ENDED + "; next start in 0.0 s");
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void failedStartTellsTheLastWordsAndIsToldWhenTheProcessHasEnded() {
		this.plugin.onConnect = () -> {
			this.plugin.process().lastWords = List.of("no database", "giving up");
			throw new PluginStartException(ID, "cannot connect");
		};
		this.harness.onTransition = (transition) -> {
			if (transition.to() == BACKOFF) {
				assertThat(this.plugin.running()).isZero();
				assertThat(this.harness.status().pid()).isEmpty();
			}
		};
		this.harness.started();
		String what = "cannot connect" + FakeProcess.ENDED;
		String tail = "; last lines of stderr:\n    | no database\n    | giving up";
		assertThat(this.harness.transitions.get(1).to()).isEqualTo(BACKOFF);
		assertThat(this.harness.transitions.get(1).reason()).isEqualTo(what + "; next start in 0.0 s" + tail);
		assertThat(this.harness.status().failures().get(0).reason()).isEqualTo(what + tail);
	}

	@Test
	void exitDuringInitializeIsToldEvenWhenTheBrokenConnectionIsNoticedFirst() {
		this.harness.allDie(() -> {
			FakeProcess process = this.plugin.process();
			CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS).execute(() -> process.exit(3, "no database"));
			throw new PluginStartException(ID, "Initialize: expected: an answer, got: UNAVAILABLE",
					new PluginFailure.Unavailable(ID, "UNAVAILABLE"));
		});
		this.harness.started();
		assertThat(this.harness.transitions.get(1).reason())
			.isEqualTo("process ended: exit code 3 (Initialize: expected: an answer, got: UNAVAILABLE); "
					+ "next start in 0.0 s; last lines of stderr:\n    | no database");
	}

	@Test
	void firstHealthCheckWithoutAnswerIsADeath() {
		this.plugin.health = () -> {
			throw new PluginFailure.Timeout(ID, "no answer in 5 s");
		};
		this.harness.started();
		assertThat(this.harness.states()).startsWith(STOPPED, STARTING, BACKOFF);
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void unhealthyAnswerIsNoObstacle() {
		this.plugin.health = () -> new HealthReport(HealthReport.Status.UNHEALTHY, "list not loaded", Map.of());
		this.harness.started();
		assertThat(this.harness.status().state()).isEqualTo(READY);
		assertThat(this.harness.status().health().message()).isEqualTo("list not loaded");
	}

	@Test
	void unexpectedErrorIsADeathToo() {
		this.harness.allDie(() -> {
			throw new NoClassDefFoundError("x");
		});
		this.harness.started();
		assertThat(this.harness.states()).startsWith(STOPPED, STARTING, BACKOFF);
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void exitDuringInitializeIsNamedAsTheCause() {
		this.harness.allDie(() -> {
			this.plugin.process().exit(1, "panic: no such file");
			throw new PluginStartException(ID, "Initialize: UNAVAILABLE");
		});
		this.harness.started();
		assertThat(this.harness.transitions.get(1).reason())
			.isEqualTo("process ended: exit code 1 (Initialize: UNAVAILABLE); next start in 0.0 s; "
					+ "last lines of stderr:\n    | panic: no such file");
		assertThat(Thread.currentThread().isInterrupted()).isFalse();
	}

	@Test
	void exitBetweenHealthAndReadyIsNotLost() {
		this.plugin.onDecorate = () -> {
			if (this.plugin.processes().size() == 1) {
				this.plugin.process().exit(137);
			}
		};
		this.harness.started();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, BACKOFF, STARTING, READY);
		assertThat(this.harness.transitions.get(1).reason()).startsWith("process ended: killed by signal 9");
		assertThat(this.harness.supervisor.client()).isNotNull();
	}

	@Test
	void exitInTheMomentOfReadyIsNotLost() {
		this.harness.onTransition = (transition) -> {
			if (transition.to() == READY && this.plugin.processes().size() == 1) {
				this.plugin.process().exit(137);
				assertThat(this.harness.supervisor.client()).isNull();
			}
		};
		this.harness.started();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
		assertThat(this.harness.status().restarts()).isEqualTo(1);
	}

	@Test
	void startOfARunningOneDoesNothing() {
		this.harness.started().started();
		assertThat(this.plugin.processes()).hasSize(1);
	}

	@Test
	void operatorMayStartAFailedOneWithACleanRecord() {
		this.harness.allDie(() -> {
			throw new PluginStartException(ID, "no");
		});
		this.harness.started();
		this.harness.time.advance(Duration.ofSeconds(10));
		assertThat(this.harness.status().state()).isEqualTo(FAILED);
		this.plugin.onInitialize = () -> {
		};
		this.harness.started();
		assertThat(this.harness.status().state()).isEqualTo(READY);
		this.plugin.process().exit(1);
		this.harness.time.run();
		assertThat(this.harness.status().state()).isEqualTo(READY);
	}

	@Test
	void refusedPluginFailsWithoutProcessOrRetry() {
		this.harness.supervisor.refuse("depends on x");
		this.harness.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, FAILED);
		assertThat(this.harness.fakes.log).isEmpty();
		assertThat(this.harness.status().lastFailure())
			.contains(new PluginStatus.Failure(VirtualTime.EPOCH, "depends on x"));
	}

}
