package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.DRAINING;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginSupervisor}: stop in every state.
 */
class SupervisorStopTests {

	private static final PluginId ID = new PluginId("a");

	private final SupervisorHarness harness = new SupervisorHarness();

	private final FakePlugin plugin = this.harness.plugin;

	private final PluginSupervisor supervisor = this.harness.supervisor;

	private final VirtualTime time = this.harness.time;

	@Test
	void stoppedIsConfirmed() {
		assertThat(stop()).isCompleted();
		assertThat(this.harness.transitions).isEmpty();
	}

	@Test
	void readyDrainsThenShutsDownThenExits() {
		this.harness.started();
		this.harness.fakes.log.clear();
		assertThat(stop()).isCompleted();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED);
		assertThat(this.harness.fakes.log).containsExactly("a shutdown: bye", "a close");
		assertThat(this.plugin.process().ends()).containsExactly("2000/2000");
		assertThat(this.supervisor.client()).isNull();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).endsWith(STOPPED);
	}

	@Test
	void pluginThatHangsInShutdownIsSignalledAtOnce() {
		this.harness.started();
		this.plugin.onShutdown = () -> {
			throw new PluginFailure.Timeout(ID, "no answer in 5 s");
		};
		assertThat(stop()).isCompleted();
		assertThat(this.plugin.process().ends()).containsExactly("0/2000");
	}

	@Test
	void callsInFlightFinishFirst() {
		Sinks.One<Decision> answer = Sinks.one();
		this.plugin.answer = answer.asMono();
		this.harness.started();
		PluginClient client = this.supervisor.client();
		CompletableFuture<Decision> call = decide(client).toFuture();
		CompletableFuture<Void> stopped = stop();
		this.time.advance(Duration.ofSeconds(4));
		assertThat(this.harness.status().state()).isEqualTo(DRAINING);
		assertThat(this.supervisor.client()).isNull();
		assertThat(this.plugin.process().ends()).isEmpty();
		answer.tryEmitValue(Decision.Continue.UNCHANGED).orThrow();
		assertThat(call).isCompletedWithValue(Decision.Continue.UNCHANGED);
		this.time.run();
		assertThat(stopped).isCompleted();
		assertThat(this.harness.fakes.log).contains("a shutdown: bye");
	}

	@Test
	void drainHasALimit() {
		this.plugin.answer = Mono.never();
		this.harness.started();
		Disposable call = decide(this.supervisor.client()).subscribe();
		CompletableFuture<Void> stopped = stop();
		this.time.advance(Duration.ofMillis(4999));
		assertThat(stopped).isNotDone();
		this.time.advance(Duration.ofMillis(1));
		assertThat(stopped).isCompleted();
		call.dispose();
		this.time.run();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED);
	}

	@Test
	void crashWhileDrainingEndsTheDrain() {
		this.plugin.answer = Mono.never();
		this.harness.started();
		Disposable call = decide(this.supervisor.client()).subscribe();
		CompletableFuture<Void> stopped = stop();
		this.plugin.process().exit(139);
		this.time.run();
		assertThat(stopped).isCompleted();
		assertThat(this.harness.lastReason()).isEqualTo("process ended: killed by signal 11");
		assertThat(this.harness.fakes.log).doesNotContain("a shutdown: bye");
		call.dispose();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED);
	}

	@Test
	void stopAndExitAtTheSameTimeIsAStop() {
		this.harness.started();
		this.plugin.process().exit(1);
		assertThat(stop()).isCompleted();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).endsWith(STOPPED);
		assertThat(this.plugin.running()).isZero();
	}

	@Test
	void secondStopWhileDrainingWaitsForTheSame() {
		this.plugin.answer = Mono.never();
		this.harness.started();
		Disposable call = decide(this.supervisor.client()).subscribe();
		CompletableFuture<Void> first = stop();
		CompletableFuture<Void> second = stop();
		assertThat(second).isNotDone();
		call.dispose();
		this.time.run();
		assertThat(first).isCompleted();
		assertThat(second).isCompleted();
	}

	@Test
	void stopDuringLaunchLeavesNoProcess() {
		CompletableFuture<?>[] stopped = new CompletableFuture<?>[1];
		this.plugin.onLaunch = () -> {
			stopped[0] = this.supervisor.stop("bye");
			assertThat(Thread.interrupted()).isTrue();
			throw new PluginStartException(ID, "interrupted");
		};
		this.harness.started();
		assertThat(stopped[0]).isCompleted();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, DRAINING, STOPPED);
		assertThat(this.plugin.processes()).isEmpty();
		assertThat(this.harness.status().failures()).isEmpty();
	}

	@Test
	void stopThatALauncherDoesNotNoticeStillEndsTheProcess() {
		this.plugin.onLaunch = () -> this.supervisor.stop("bye");
		this.harness.started();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, DRAINING, STOPPED);
		assertThat(this.plugin.process().ends()).hasSize(1);
		assertThat(Thread.currentThread().isInterrupted()).isFalse();
	}

	@Test
	void stopDuringInitializeDoesNotSendShutdown() {
		this.plugin.onInitialize = () -> {
			this.supervisor.stop("bye");
			throw new PluginStartException(ID, "interrupted");
		};
		this.harness.started();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, DRAINING, STOPPED);
		assertThat(this.harness.fakes.log).endsWith("a initialize 10", "a close");
		assertThat(this.plugin.process().ends()).containsExactly("0/2000");
	}

	@Test
	void stopInTheMomentBeforeReadyShutsDown() {
		this.plugin.onDecorate = () -> this.supervisor.stop("bye");
		this.harness.started();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, DRAINING, STOPPED);
		assertThat(this.harness.fakes.log).endsWith("a shutdown: bye", "a close");
	}

	@Test
	void stopInBackoffCancelsTheRestart() {
		this.plugin.onLaunch = () -> {
			throw new PluginStartException(ID, "no");
		};
		this.harness.started();
		assertThat(this.harness.status().state()).isEqualTo(BACKOFF);
		assertThat(stop()).isCompleted();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).endsWith(BACKOFF, STOPPED);
	}

	@Test
	void stopInFailedCancelsTheRetry() {
		this.plugin.onLaunch = () -> {
			throw new PluginStartException(ID, "no");
		};
		this.harness.started();
		this.time.advance(Duration.ofSeconds(10));
		assertThat(this.harness.status().state()).isEqualTo(FAILED);
		assertThat(stop()).isCompleted();
		this.time.advance(Duration.ofHours(1));
		assertThat(this.harness.states()).endsWith(FAILED, STOPPED);
	}

	@Test
	void stopDuringAHealthCheckIsNotAMiss() {
		this.harness.started();
		this.plugin.health = () -> {
			this.supervisor.stop("bye");
			throw new PluginFailure.Unavailable(ID, "interrupted");
		};
		this.time.advance(Duration.ofSeconds(10));
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED);
		assertThat(this.harness.status().health()).isEqualTo(FakePlugin.HEALTHY);
	}

	@Test
	void stoppedMayBeStartedAgainByWhoeverHearsOfIt() {
		this.harness.started();
		this.supervisor.stop("restart by the operator").thenRun(() -> this.supervisor.start("restart"));
		this.time.run();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED, STARTING, READY);
		assertThat(this.harness.status().generation()).isEqualTo(2);
		assertThat(this.harness.status().restarts()).isZero();
	}

	@Test
	void retiredNeverStartsAgain() {
		this.harness.started();
		this.supervisor.retire("gateway stops");
		this.time.run();
		this.harness.started();
		this.supervisor.refuse("no");
		this.time.run();
		assertThat(this.harness.states()).endsWith(DRAINING, STOPPED);
		assertThat(this.plugin.processes()).hasSize(1);
	}

	private CompletableFuture<Void> stop() {
		CompletableFuture<Void> stopped = this.supervisor.stop("bye");
		this.time.run();
		return stopped;
	}

	private static Mono<Decision> decide(PluginClient client) {
		return client.decide(Requests.any(), Duration.ofSeconds(1));
	}

}
