package org.hkpgateway.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginSupervisor} with its real thread: stops and exits that come
 * while it is blocked, and races.
 */
@Timeout(20)
class SupervisorConcurrencyTests {

	private static final PluginId ID = new PluginId("a");

	private static final int REPETITIONS = 200;

	private final FakePlugins fakes = new FakePlugins();

	private final FakePlugin plugin = this.fakes.plugin("a");

	private final CountDownLatch entered = new CountDownLatch(1);

	private final CountDownLatch never = new CountDownLatch(1);

	private volatile Consumer<Transition> onTransition = (transition) -> {
	};

	private final PluginSupervisor supervisor = supervisor(LifecycleSettings.DEFAULTS);

	@AfterEach
	void close() {
		this.supervisor.close();
	}

	@Test
	void stopCutsALaunchShort() throws Exception {
		this.plugin.onLaunch = this::block;
		this.supervisor.start("test");
		assertThat(this.entered.await(5, TimeUnit.SECONDS)).isTrue();
		this.supervisor.stop("bye").get(5, TimeUnit.SECONDS);
		assertThat(this.supervisor.state()).isEqualTo(PluginState.STOPPED);
		assertThat(this.plugin.processes()).isEmpty();
	}

	@Test
	void stopCutsInitializeShort() throws Exception {
		this.plugin.onInitialize = this::block;
		this.supervisor.start("test");
		assertThat(this.entered.await(5, TimeUnit.SECONDS)).isTrue();
		this.supervisor.stop("bye").get(5, TimeUnit.SECONDS);
		assertThat(this.plugin.process().ends()).containsExactly("0/2000");
		assertThat(this.fakes.log).doesNotContain("a shutdown: bye");
	}

	@Test
	void exitCutsInitializeShort() throws Exception {
		CountDownLatch ready = new CountDownLatch(1);
		this.onTransition = (transition) -> {
			if (transition.to() == PluginState.READY) {
				ready.countDown();
			}
		};
		this.plugin.onInitialize = () -> {
			if (this.plugin.processes().size() == 1) {
				block();
			}
		};
		this.supervisor.start("test");
		assertThat(this.entered.await(5, TimeUnit.SECONDS)).isTrue();
		this.plugin.process().exit(137);
		assertThat(ready.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(status().lastFailure().orElseThrow().reason())
			.isEqualTo("process ended: killed by signal 9 (interrupted)");
	}

	@Test
	void exitCutsAHealthCheckShort() throws Exception {
		LifecycleSettings often = new LifecycleSettings(Duration.ofSeconds(60), Duration.ofSeconds(10),
				Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofMillis(1), 3, Duration.ofSeconds(5),
				Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(30),
				Duration.ofHours(1), RestartLimits.DEFAULTS);
		PluginSupervisor checking = supervisor(often);
		CountDownLatch ready = new CountDownLatch(2);
		this.onTransition = (transition) -> {
			if (transition.to() == PluginState.READY) {
				this.plugin.health = () -> {
					if (this.plugin.processes().size() == 1) {
						block();
					}
					return FakePlugin.HEALTHY;
				};
				ready.countDown();
			}
		};
		checking.start("test");
		assertThat(this.entered.await(5, TimeUnit.SECONDS)).isTrue();
		FakeProcess first = this.plugin.process();
		first.exit(1);
		assertThat(checking.client() == null || this.plugin.process() != first).isTrue();
		assertThat(ready.await(5, TimeUnit.SECONDS)).isTrue();
		checking.retire("bye").get(5, TimeUnit.SECONDS);
		checking.close();
	}

	/**
	 * Wherever in the start the exit falls: exactly one restart, and a client after it.
	 */
	@RepeatedTest(REPETITIONS)
	void exitAtAnyMomentOfTheStartIsNeverLost() throws Exception {
		CountDownLatch second = new CountDownLatch(1);
		this.onTransition = (transition) -> {
			if (transition.to() == PluginState.READY && this.plugin.processes().size() == 2) {
				second.countDown();
			}
		};
		this.plugin.onConnect = () -> {
			if (this.plugin.processes().size() == 1) {
				FakeProcess first = this.plugin.process();
				spinning(() -> first.exit(137)).start();
			}
		};
		this.supervisor.start("test");
		assertThat(second.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(this.supervisor.client()).isNotNull();
		this.supervisor.retire("bye").get(5, TimeUnit.SECONDS);
		assertThat(this.plugin.processes()).hasSize(2);
		assertThat(this.plugin.running()).isZero();
		assertThat(status().restarts()).isEqualTo(1);
	}

	/** Wherever in the start the stop falls: it ends STOPPED without a process. */
	@RepeatedTest(REPETITIONS)
	void stopAtAnyMomentOfTheStartLeavesNothing() throws Exception {
		CountDownLatch stopped = new CountDownLatch(1);
		Thread stopper = spinning(() -> this.supervisor.stop("bye").thenRun(stopped::countDown));
		stopper.start();
		this.supervisor.start("test");
		assertThat(stopped.await(5, TimeUnit.SECONDS)).isTrue();
		this.supervisor.retire("again").get(5, TimeUnit.SECONDS);
		assertThat(this.supervisor.state()).isEqualTo(PluginState.STOPPED);
		assertThat(this.plugin.running()).isZero();
		assertThat(this.supervisor.client()).isNull();
	}

	private PluginSupervisor supervisor(LifecycleSettings settings) {
		return new PluginSupervisor(FakePlugins.spec("a"), this.fakes.tools(settings),
				new RestartPolicy(settings.restart(), () -> 0.5), new ThreadLoop("a", Clock.systemUTC()),
				new Surroundings(List.of((transition) -> this.onTransition.accept(transition)),
						new AtomicLong()::incrementAndGet, (phase, from, to) -> {
						}));
	}

	private PluginStatus status() {
		return PluginStatus.of(this.supervisor.snapshot(), true, List.of(), null, null);
	}

	private static Thread spinning(Runnable action) {
		long spins = ThreadLocalRandom.current().nextLong(20_000);
		return new Thread(() -> {
			for (long i = 0; i < spins; i++) {
				Thread.onSpinWait();
			}
			action.run();
		});
	}

	private void block() {
		this.entered.countDown();
		try {
			this.never.await();
		}
		catch (InterruptedException ex) {
			throw new PluginStartException(ID, "interrupted", ex);
		}
	}

}
