package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
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
 * Tests for {@link PluginSupervisor}: deaths, health checks and restarts.
 */
class SupervisorRestartTests {

	private static final PluginId ID = new PluginId("a");

	private final SupervisorHarness harness = new SupervisorHarness();

	private final FakePlugin plugin = this.harness.plugin;

	private final VirtualTime time = this.harness.time;

	@Test
	void exitWithdrawsTheClientBeforeTheSupervisorGetsToIt() {
		this.harness.started();
		this.plugin.process().exit(137);
		assertThat(this.harness.supervisor.client()).isNull();
		assertThat(this.harness.status().pid()).isEmpty();
		assertThat(this.harness.status().state()).isEqualTo(READY);
	}

	@Test
	void exitRestartsAtOnce() {
		this.harness.started();
		PluginClient first = this.harness.supervisor.client();
		this.plugin.process().exit(137, "line", "fatal");
		this.time.run();
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
		assertThat(this.harness.transitions.get(2).reason()).isEqualTo(
				"process ended: killed by signal 9; next start in 0.0 s; last lines of stderr:\n    | line\n    | fatal");
		assertThat(this.harness.status().lastFailure().orElseThrow().reason())
			.isEqualTo("process ended: killed by signal 9; last lines of stderr:\n    | line\n    | fatal");
		assertThat(this.harness.supervisor.client()).isNotNull().isNotSameAs(first);
		assertThat(this.harness.status().restarts()).isEqualTo(1);
		assertThat(this.harness.status().generation()).isEqualTo(2);
		assertThat(this.harness.status().pid()).hasValue(102);
	}

	@Test
	void exitCleansUpAfterTheProcess() {
		this.harness.started();
		FakeProcess dead = this.plugin.process();
		dead.exit(0);
		this.time.run();
		assertThat(dead.ends()).containsExactly("0/0");
		assertThat(this.harness.fakes.log).filteredOn("a close"::equals).hasSize(1);
		assertThat(this.harness.fakes.log).noneMatch((entry) -> entry.contains("shutdown"));
	}

	@Test
	void failingCleanUpDoesNotPreventTheRestart() {
		FakePlugins fakes = this.harness.fakes;
		this.harness.started();
		fakes.onClose = () -> {
			throw new IllegalStateException("close failed");
		};
		this.plugin.process().exit(1);
		this.time.run();
		assertThat(this.harness.status().state()).isEqualTo(READY);
		assertThat(this.plugin.processes().get(0).ends()).hasSize(1);
	}

	@Test
	void startsFollowTheSchedule() {
		List<Duration> starts = new ArrayList<>();
		this.plugin.onLaunch = () -> starts.add(this.time.now());
		this.harness.allDie(() -> {
			throw new PluginStartException(ID, "no");
		});
		this.harness.started();
		this.time.advance(Duration.ofMinutes(5));
		assertThat(starts).extracting(Duration::toMillis).containsExactly(0L, 0L, 1000L, 3000L, 7000L);
		assertThat(this.harness.status().state()).isEqualTo(FAILED);
		assertThat(this.harness.lastReason())
			.isEqualTo("it died too often, next try in 300.0 s; at last: no" + FakeProcess.ENDED);
	}

	@Test
	void failedIsTriedAgainAfterFiveMinutes() {
		this.harness.allDie(() -> {
			throw new PluginStartException(ID, "no");
		});
		this.harness.started();
		this.time.advance(Duration.ofSeconds(7));
		assertThat(this.harness.status().state()).isEqualTo(FAILED);
		this.plugin.onInitialize = () -> {
		};
		this.time.advance(Duration.ofSeconds(299));
		assertThat(this.harness.status().state()).isEqualTo(FAILED);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(this.harness.status().state()).isEqualTo(READY);
		assertThat(this.harness.states()).endsWith(FAILED, STARTING, READY);
	}

	@Test
	void crashLoopAfterReadyGoesThroughBackoffToFailed() {
		this.harness.started();
		for (int i = 0; i < 5; i++) {
			this.plugin.process().exit(1);
			this.time.advance(Duration.ofSeconds(8));
		}
		assertThat(this.harness.states()).endsWith(READY, BACKOFF, FAILED);
		assertThat(this.harness.supervisor.client()).isNull();
		assertThat(this.plugin.running()).isZero();
		assertThat(this.harness.status().failures()).hasSize(5);
	}

	@Test
	void stableFiveMinutesForgiveEarlierDeaths() {
		this.harness.started();
		this.plugin.process().exit(1);
		this.time.run();
		this.plugin.process().exit(1);
		this.time.run();
		assertThat(this.harness.status().state()).isEqualTo(BACKOFF);
		this.time.advance(Duration.ofSeconds(1));
		this.time.advance(Duration.ofMinutes(5));
		this.plugin.process().exit(1);
		this.time.run();
		assertThat(this.harness.status().state()).isEqualTo(READY);
	}

	@Test
	void onlyTheLatestTenFailuresAreKept() {
		this.harness.started();
		for (int i = 1; i <= 13; i++) {
			this.time.advance(Duration.ofMinutes(6));
			this.plugin.process().exit(i);
			this.time.run();
		}
		List<PluginStatus.Failure> failures = this.harness.status().failures();
		assertThat(failures).hasSize(10);
		assertThat(failures.get(0).reason()).contains("exit code 4");
		assertThat(this.harness.status().lastFailure().orElseThrow().reason()).contains("exit code 13");
		assertThat(this.harness.status().restarts()).isEqualTo(13);
	}

	@Test
	void healthIsAskedEveryTenSeconds() {
		this.harness.started();
		this.time.advance(Duration.ofSeconds(35));
		assertThat(this.harness.fakes.log).filteredOn("a health 5"::equals).hasSize(1 + 3);
	}

	@Test
	void answerOfAnyKindIsRecordedOnly() {
		this.harness.started();
		for (HealthReport.Status status : HealthReport.Status.values()) {
			this.plugin.health = () -> new HealthReport(status, "as it is", Map.of("k", "v"));
			this.time.advance(Duration.ofSeconds(10));
			assertThat(this.harness.status().health()).isEqualTo(this.plugin.health.get());
		}
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY);
	}

	@Test
	void threeMissedChecksInARowKillAndRestart() {
		this.harness.started();
		FakeProcess silent = this.plugin.process();
		this.plugin.health = this::silence;
		this.time.advance(Duration.ofSeconds(25));
		assertThat(this.harness.status().state()).isEqualTo(READY);
		assertThat(this.harness.status().health().message()).startsWith("2 of 3 health checks in a row");
		assertThat(this.harness.status().health().status()).isEqualTo(HealthReport.Status.UNKNOWN);
		this.time.advance(Duration.ofMillis(4999));
		assertThat(silent.ends()).isEmpty();
		this.plugin.onLaunch = () -> this.plugin.health = () -> FakePlugin.HEALTHY;
		this.time.advance(Duration.ofSeconds(1));
		assertThat(silent.ends()).containsExactly("0/0");
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
		assertThat(this.harness.transitions.get(2).reason())
			.startsWith("3 of 3 health checks in a row without an answer: no answer in 5 s");
	}

	@Test
	void answerInBetweenStartsTheCountAnew() {
		this.harness.started();
		for (int i = 0; i < 5; i++) {
			this.plugin.health = this::silence;
			this.time.advance(Duration.ofSeconds(20));
			this.plugin.health = () -> FakePlugin.HEALTHY;
			this.time.advance(Duration.ofSeconds(10));
		}
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY);
	}

	@Test
	void exitDuringAHealthCheckIsADeathNotAMiss() {
		this.harness.started();
		this.plugin.health = () -> {
			this.plugin.health = () -> FakePlugin.HEALTHY;
			this.plugin.process().exit(1);
			return silence();
		};
		this.time.advance(Duration.ofSeconds(11));
		assertThat(this.harness.transitions.get(2).reason()).startsWith("process ended: exit code 1");
		assertThat(this.harness.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
	}

	private HealthReport silence() {
		throw new PluginFailure.Timeout(ID, "no answer in 5 s");
	}

}
