package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginHost#close()}, with real threads.
 */
@Timeout(20)
class PluginHostCloseTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final FakePlugins fakes = new FakePlugins();

	private final PluginHost host = new PluginHost(this.fakes, this.fakes, this.fakes, LifecycleSettings.DEFAULTS,
			List.of(new LoggingStateListener()), BreakerListener.NONE, EventLinks.NONE);

	@Test
	void dependentsStopBeforeTheirDependenciesAndTheLauncherLast() throws Exception {
		start(FakePlugins.spec("a", 10, true), FakePlugins.spec("b", 20, true, "a", "c"),
				FakePlugins.spec("c", 30, true, "a"));
		this.host.close(LIMIT);
		assertThat(this.fakes.log).containsSubsequence("b shutdown: gateway stops", "b close",
				"c shutdown: gateway stops", "c close", "a shutdown: gateway stops", "a close", "launcher close");
		assertThat(this.host.statuses()).extracting(PluginStatus::state).containsOnly(PluginState.STOPPED);
		assertThat(this.fakes.running()).isZero();
	}

	@Test
	void independentOnesStopAtTheSameTime() throws Exception {
		CountDownLatch both = new CountDownLatch(2);
		for (String name : List.of("a", "b")) {
			this.fakes.plugin(name).onShutdown = () -> {
				both.countDown();
				await(both);
			};
		}
		start(FakePlugins.spec("a", 10, true), FakePlugins.spec("b", 20, true));
		this.host.close(LIMIT);
		assertThat(both.getCount()).isZero();
		assertThat(this.fakes.running()).isZero();
	}

	@Test
	void closeTwiceClosesOnce() throws Exception {
		start(FakePlugins.spec("a", 10, true));
		this.host.close();
		this.host.close();
		assertThat(this.fakes.log).filteredOn("launcher close"::equals).hasSize(1);
	}

	@Test
	void closeDuringTheStartOfADependencyNeverStartsItsDependents() throws Exception {
		CountDownLatch launching = new CountDownLatch(1);
		this.fakes.plugin("a").onLaunch = () -> {
			launching.countDown();
			await(new CountDownLatch(1));
		};
		this.host.start(List.of(FakePlugins.spec("a", 10, true), FakePlugins.spec("b", 20, true, "a")));
		assertThat(launching.await(5, TimeUnit.SECONDS)).isTrue();
		this.host.close(LIMIT);
		assertThat(this.fakes.log).containsExactly("a launch 60", "launcher close");
		assertThat(this.host.statuses()).extracting(PluginStatus::state).containsOnly(PluginState.STOPPED);
	}

	@Test
	void oneThatHangsIsLeftToTheLauncher() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		this.fakes.plugin("a").onShutdown = () -> await(never);
		start(FakePlugins.spec("a", 10, true), FakePlugins.spec("b", 20, true));
		this.host.close(Duration.ofMillis(300));
		assertThat(this.fakes.running()).isZero();
		assertThat(this.fakes.plugin("b").process().ends()).hasSize(1);
	}

	@Test
	void interruptedCloseStillClosesTheLauncher() throws Exception {
		start(FakePlugins.spec("a", 10, true));
		Thread.currentThread().interrupt();
		this.host.close(LIMIT);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.fakes.log).contains("launcher close");
		assertThat(this.fakes.running()).isZero();
	}

	private void start(PluginSpec... specs) throws Exception {
		this.host.start(List.of(specs));
		this.host.settled().get(10, TimeUnit.SECONDS);
		assertThat(this.host.requiredReady()).isTrue();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new PluginStartException(new PluginId("a"), "interrupted", ex);
		}
	}

}
