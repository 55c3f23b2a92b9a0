package org.hkpgateway.lifecycle;

import java.time.Duration;

import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.DRAINING;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginSupervisor}: connections that break, and processes that are not
 * the gateway's.
 */
class SupervisorConnectionTests {

	private static final PluginId ID = new PluginId("a");

	private final SupervisorHarness launched = new SupervisorHarness();

	private final SupervisorHarness remote = new SupervisorHarness(
			TestSpec.named("a").source(new PluginSource.Remote("keys.example:7000", null, "secret")).build());

	private final SupervisorHarness attached = new SupervisorHarness(
			TestSpec.named("a").source(new PluginSource.Attached("1|1|unix|/tmp/x|grpc|")).build());

	@Test
	void lostConnectionOfALivingProcessIsADeathAfterASecond() {
		this.launched.started();
		FakeProcess first = this.launched.plugin.process();
		this.launched.plugin.lose("GOAWAY");
		assertThat(this.launched.supervisor.client()).isNull();
		this.launched.time.advance(Duration.ofMillis(999));
		assertThat(this.launched.status().state()).isEqualTo(READY);
		this.launched.time.advance(Duration.ofMillis(1));
		assertThat(this.launched.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
		assertThat(this.launched.transitions.get(2).reason()).isEqualTo("connection lost: GOAWAY; next start in 0.0 s");
		assertThat(first.ends()).containsExactly("0/0");
		assertThat(this.launched.supervisor.client()).isNotNull();
	}

	@Test
	void exitExplainsTheLostConnection() {
		this.launched.started();
		this.launched.plugin.lose("reset");
		this.launched.time.advance(Duration.ofMillis(500));
		this.launched.plugin.process().exit(1, "panic");
		this.launched.time.run();
		assertThat(this.launched.transitions.get(2).reason()).startsWith("process ended: exit code 1");
		this.launched.time.advance(Duration.ofSeconds(5));
		assertThat(this.launched.plugin.processes()).hasSize(2);
	}

	@Test
	void connectionLostInTheMomentBeforeReadyIsNotOverlooked() {
		this.launched.plugin.onDecorate = () -> {
			if (this.launched.plugin.processes().size() == 1) {
				this.launched.plugin.lose("reset");
			}
		};
		this.launched.started();
		assertThat(this.launched.states()).containsExactly(STOPPED, STARTING, BACKOFF, STARTING, READY);
		assertThat(this.launched.transitions.get(1).reason())
			.startsWith("connection lost: reset (ended during its start)");
	}

	@Test
	void connectionLostWhileDrainingEndsTheDrainWithoutShutdown() {
		this.remote.plugin.answer = Mono.never();
		this.remote.started();
		var call = this.remote.supervisor.client().decide(Requests.any(), Duration.ofSeconds(60)).subscribe();
		var stopped = this.remote.supervisor.stop("bye");
		this.remote.time.run();
		assertThat(this.remote.status().state()).isEqualTo(DRAINING);
		this.remote.plugin.lose("reset");
		this.remote.time.run();
		assertThat(stopped).isCompleted();
		call.dispose();
	}

	@Test
	void remoteOneIsNeitherToldToEndNorEnded() {
		this.remote.started();
		assertThat(this.remote.lastReason()).isEqualTo("connected in 0 ms");
		FakeProcess process = this.remote.plugin.process();
		assertThat(this.remote.supervisor.stop("bye")).isNotDone();
		this.remote.time.run();
		assertThat(this.remote.states()).containsExactly(STOPPED, STARTING, READY, DRAINING, STOPPED);
		assertThat(this.remote.fakes.log).contains("a close").noneMatch((line) -> line.contains("shutdown"));
		assertThat(process.ends()).isEmpty();
	}

	@Test
	void remoteOneThatCannotBeStartedIsNotEndedEither() {
		this.remote.plugin.onInitialize = () -> {
			throw new PluginStartException(ID, "no");
		};
		this.remote.started();
		assertThat(this.remote.fakes.log).contains("a close");
		assertThat(this.remote.plugin.processes()).allSatisfy((process) -> assertThat(process.ends()).isEmpty());
	}

	@Test
	void remoteOneReconnectsAsTheSameInstance() {
		this.remote.started();
		this.remote.plugin.lose("reset by peer");
		assertThat(this.remote.supervisor.client()).isNull();
		this.remote.time.run();
		assertThat(this.remote.states()).containsExactly(STOPPED, STARTING, READY, BACKOFF, STARTING, READY);
		assertThat(this.remote.transitions.get(2).reason())
			.isEqualTo("connection lost: reset by peer; next start in 0.0 s");
		assertThat(this.remote.plugin.instances()).hasSize(2);
		assertThat(this.remote.plugin.instances().get(0)).isEqualTo(this.remote.plugin.instances().get(1));
	}

	@Test
	void launchedOneIsAnotherInstanceEachTime() {
		this.launched.started();
		this.launched.plugin.process().exit(1);
		this.launched.time.run();
		assertThat(this.launched.plugin.instances()).hasSize(2).doesNotHaveDuplicates();
	}

	@Test
	void remoteOneIsTriedAgainWithoutEnd() {
		this.remote.plugin.onConnect = () -> {
			throw new PluginStartException(ID, "cannot connect");
		};
		this.remote.started();
		this.remote.time.advance(Duration.ofMinutes(10));
		assertThat(this.remote.status().state()).isEqualTo(BACKOFF);
		assertThat(this.remote.states()).doesNotContain(PluginState.FAILED);
		assertThat(this.remote.lastReason()).isEqualTo("cannot connect; next start in 60.0 s");
		this.remote.plugin.onConnect = () -> {
		};
		this.remote.time.advance(Duration.ofMinutes(1));
		assertThat(this.remote.status().state()).isEqualTo(READY);
	}

	@Test
	void remoteOneThatIsSilentIsConnectedAnew() {
		this.remote.started();
		this.remote.plugin.health = () -> {
			throw new PluginFailure.Timeout(ID, "silent");
		};
		this.remote.time.advance(Duration.ofSeconds(30));
		assertThat(this.remote.states()).startsWith(STOPPED, STARTING, READY, BACKOFF, STARTING);
		assertThat(this.remote.plugin.processes().get(0).ends()).isEmpty();
	}

	@Test
	void attachedOneHasAllTheTimeOfADebugger() {
		this.attached.started();
		assertThat(this.attached.fakes.log).containsExactly("a launch 3600", "a connect 3600", "a initialize 3600",
				"a health 3600");
		this.attached.plugin.health = () -> {
			throw new PluginFailure.Timeout(ID, "at a breakpoint");
		};
		this.attached.time.advance(Duration.ofHours(2));
		assertThat(this.attached.states()).containsExactly(STOPPED, STARTING, READY);
		this.attached.plugin.lose("reset");
		this.attached.plugin.health = () -> FakePlugin.HEALTHY;
		this.attached.time.run();
		assertThat(this.attached.states()).endsWith(READY, BACKOFF, STARTING, READY);
	}

	@Test
	void statusTellsWhatIsConnectedAndHow() {
		assertThat(this.remote.status().security()).isNull();
		assertThat(this.remote.status().introduction()).isNull();
		assertThat(this.remote.status().requests()).isNull();
		this.remote.started();
		PluginStatus status = this.remote.status();
		assertThat(status.source()).isEqualTo("remote keys.example:7000");
		assertThat(status.security()).isEqualTo("plaintext");
		assertThat(status.isolation()).isEqualTo(this.remote.plugin.process().isolation());
		assertThat(status.introduction().version()).isEqualTo("1.2.3");
		assertThat(status.requests()).isEqualTo(this.remote.plugin.guard().status());
		assertThat(status.responses()).isNull();
		assertThat(status.toString()).doesNotContain("secret");
	}

	@Test
	void breakerOfAReplacedProcessIsNotReported() {
		this.launched.started();
		FakeGuard old = this.launched.plugin.guard();
		this.launched.plugin.process().exit(1);
		this.launched.time.run();
		old.open();
		assertThat(this.launched.breakers).isEmpty();
		this.launched.plugin.guard().open();
		assertThat(this.launched.breakers).containsExactly("CLOSED>OPEN");
	}

}
