package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginHost}: start, chain, statuses and settlement.
 */
class PluginHostTests {

	private final VirtualTime time = new VirtualTime();

	private final FakePlugins fakes = new FakePlugins();

	private final List<Transition> transitions = new ArrayList<>();

	private final PluginHost host = new PluginHost(this.fakes.tools(LifecycleSettings.DEFAULTS),
			List.of(this.transitions::add), BreakerListener.NONE, (name) -> this.time.loop(), () -> 0.5);

	@Test
	void withoutPluginsItIsSettledAndReadyOnceStarted() {
		assertThat(this.host.settled()).isNotDone();
		assertThat(this.host.requiredReady()).isFalse();
		start();
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isTrue();
		assertThat(this.host.chain()).isEmpty();
		assertThat(this.host.statuses()).isEmpty();
	}

	@Test
	void chainIsInOrderAndHoldsOnlyThoseWhoSeeRequestsOrAnswers() {
		start(FakePlugins.spec("c", 30, false), FakePlugins.spec("b", 10, false), FakePlugins.spec("a", 30, false),
				FakePlugins.spec("blind", 1, false, Set.of(Capability.HTTP_RESPOND, Capability.STATE)),
				FakePlugins.spec("d", 20, false, Set.of(Capability.HTTP_RESPONSE)));
		assertThat(this.host.chain()).extracting((entry) -> entry.spec().id().name())
			.containsExactly("b", "d", "a", "c");
		assertThat(this.host.statuses()).extracting((status) -> status.id().name())
			.containsExactly("blind", "b", "d", "a", "c");
		assertThat(this.host.statuses()).extracting(PluginStatus::state).containsOnly(READY);
	}

	@Test
	void chainIsTheSameListAllTheTime() {
		start(FakePlugins.spec("a"));
		List<PluginRegistry.Entry> before = this.host.chain();
		this.fakes.plugin("a").process().exit(1);
		this.time.run();
		assertThat(this.host.chain()).isSameAs(before);
	}

	@Test
	void startDoesNotBlock() {
		this.host.start(List.of(FakePlugins.spec("a")));
		assertThat(this.fakes.log).isEmpty();
		assertThat(this.host.chain()).hasSize(1);
		assertThat(this.host.chain().get(0).client()).isNull();
	}

	@Test
	void oneThatFailsDoesNotTouchTheOther() {
		failing("bad");
		start(FakePlugins.spec("bad"), FakePlugins.spec("good"));
		this.time.advance(Duration.ofSeconds(10));
		assertThat(state("bad")).isEqualTo(FAILED);
		assertThat(state("good")).isEqualTo(READY);
		assertThat(this.host.chain()).extracting((entry) -> entry.client() != null).containsExactly(false, true);
		assertThat(this.fakes.plugin("good").processes()).hasSize(1);
	}

	@Test
	void statusHoldsTheFactsOfTheSpec() {
		PluginSpec spec = FakePlugins.spec("a", 7, true, Set.of(Capability.HTTP_REQUEST));
		start(spec);
		PluginStatus status = this.host.statuses().get(0);
		assertThat(status.version()).isEqualTo("1.2.3");
		assertThat(status.order()).isEqualTo(7);
		assertThat(status.required()).isTrue();
		assertThat(status.fail()).isEqualTo(spec.fail());
		assertThat(status.requested()).isEqualTo(spec.requested());
		assertThat(status.granted()).containsExactly(Capability.HTTP_REQUEST);
		assertThat(status.reduced()).isTrue();
	}

	@Test
	void dependentWaitsUntilAllItsDependenciesAreReady() {
		this.fakes.plugin("b").onLaunch = () -> {
			if (this.time.now().isZero()) {
				throw new PluginStartException(new PluginId("b"), "not yet");
			}
		};
		start(FakePlugins.spec("a", 10, false, "b", "c"), FakePlugins.spec("b", 20, false),
				FakePlugins.spec("c", 30, false));
		assertThat(state("a")).isEqualTo(STOPPED);
		assertThat(state("c")).isEqualTo(READY);
		assertThat(this.host.statuses().get(0).waitingFor()).containsExactly(new PluginId("b"));
		this.time.advance(Duration.ofSeconds(1));
		assertThat(state("b")).isEqualTo(READY);
		assertThat(state("a")).isEqualTo(READY);
		assertThat(this.host.statuses().get(0).waitingFor()).isEmpty();
		assertThat(this.fakes.plugin("a").processes()).hasSize(1);
	}

	@Test
	void dependentGoesOnWhenItsDependencyDies() {
		start(FakePlugins.spec("a", 10, false, "b"), FakePlugins.spec("b", 20, false));
		this.fakes.plugin("b").process().exit(1);
		this.time.run();
		assertThat(state("b")).isEqualTo(READY);
		assertThat(this.fakes.plugin("b").processes()).hasSize(2);
		assertThat(this.fakes.plugin("a").processes()).hasSize(1);
	}

	@Test
	void unstartablePluginsFailAndOthersStart() {
		start(FakePlugins.spec("a", 10, true, "nowhere"), FakePlugins.spec("b", 20, false),
				FakePlugins.spec("c", 30, true, "d"), FakePlugins.spec("d", 40, false, "c"));
		assertThat(state("a")).isEqualTo(FAILED);
		assertThat(state("b")).isEqualTo(READY);
		assertThat(state("c")).isEqualTo(FAILED);
		assertThat(this.host.statuses().get(0).lastFailure().orElseThrow().reason()).startsWith("depends on nowhere");
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isFalse();
	}

	@Test
	void settledWaitsForRequiredOnesOnly() {
		failing("optional");
		this.host.start(List.of(FakePlugins.spec("optional", 10, false), FakePlugins.spec("needed", 20, true)));
		assertThat(this.host.settled()).isNotDone();
		assertThat(this.host.requiredReady()).isFalse();
		this.time.run();
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isTrue();
	}

	@Test
	void requiredOneThatFailsSettlesButIsNotReady() {
		failing("needed");
		start(FakePlugins.spec("needed", 20, true));
		assertThat(this.host.settled()).isNotDone();
		this.time.advance(Duration.ofSeconds(7));
		assertThat(state("needed")).isEqualTo(FAILED);
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isFalse();
		this.fakes.plugin("needed").onInitialize = () -> {
		};
		this.time.advance(Duration.ofMinutes(5));
		assertThat(this.host.requiredReady()).isTrue();
	}

	@Test
	void requiredReadyStaysTrueWhenOneDiesLater() {
		start(FakePlugins.spec("needed", 20, true));
		failing("needed");
		this.fakes.plugin("needed").process().exit(1);
		this.time.advance(Duration.ofSeconds(20));
		assertThat(state("needed")).isEqualTo(FAILED);
		assertThat(this.host.requiredReady()).isTrue();
	}

	@Test
	void requiredOneThatWaitsForAFailedOneIsSettled() {
		failing("base");
		start(FakePlugins.spec("base", 10, false), FakePlugins.spec("middle", 20, false, "base"),
				FakePlugins.spec("needed", 30, true, "middle"));
		assertThat(this.host.settled()).isNotDone();
		this.time.advance(Duration.ofSeconds(7));
		assertThat(state("needed")).isEqualTo(STOPPED);
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isFalse();
	}

	@Test
	void evenTheSlowestFailingStartsSettle() {
		this.fakes.plugin("needed").onLaunch = () -> this.time.pass(Duration.ofSeconds(60));
		this.fakes.plugin("needed").onConnect = () -> this.time.pass(Duration.ofSeconds(1));
		this.fakes.plugin("needed").onInitialize = () -> {
			this.time.pass(Duration.ofSeconds(1));
			throw new PluginStartException(new PluginId("needed"), "no answer");
		};
		start(FakePlugins.spec("needed", 20, true));
		this.time.advance(Duration.ofSeconds(260));
		assertThat(this.fakes.log).contains("needed connect 1", "needed initialize 1");
		assertThat(this.host.settled()).isCompleted();
		assertThat(state("needed")).isEqualTo(FAILED);
	}

	@Test
	void settledOfOneCallerIsNotThatOfAnother() {
		CompletableFuture<Void> mine = this.host.settled();
		mine.cancel(false);
		start();
		assertThat(this.host.settled()).isCompletedWithValue(null);
	}

	@Test
	void listenersHearOfEveryMove() {
		start(FakePlugins.spec("a"));
		assertThat(this.transitions).extracting(Transition::to).containsExactly(PluginState.STARTING, READY);
	}

	@Test
	void twoOfOneNameAreRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.host.start(List.of(FakePlugins.spec("a"), FakePlugins.spec("a", 5, true))))
			.withMessageStartingWith("plugin a: expected: one of that name, got: /plugins/a");
	}

	@Test
	void startsOnlyOnce() {
		start();
		assertThatIllegalStateException().isThrownBy(() -> this.host.start(List.of())).withMessageContaining("started");
	}

	@Test
	void doesNotStartOnceClosed() {
		this.host.close();
		assertThatIllegalStateException().isThrownBy(() -> this.host.start(List.of())).withMessageContaining("closed");
	}

	@Test
	void closeCancelsWhoWaitsForSettled() {
		this.host.start(List.of(FakePlugins.spec("needed", 20, true)));
		CompletableFuture<Void> settled = this.host.settled();
		this.host.close(Duration.ZERO);
		assertThatExceptionOfType(Exception.class).isThrownBy(settled::join)
			.satisfies((error) -> assertThat(error.toString()).contains("Cancellation"));
	}

	@Test
	void closeHasALimitAndThenLeavesTheRestToTheLauncher() {
		start(FakePlugins.spec("a"));
		// Nobody runs the tasks of this host meanwhile, as if its supervisor hung.
		this.host.close(Duration.ZERO);
		assertThat(this.fakes.log).endsWith("launcher close");
		assertThat(this.fakes.running()).isZero();
		assertThat(this.host.chain().get(0).client()).isNull();
	}

	private void start(PluginSpec... specs) {
		this.host.start(List.of(specs));
		this.time.run();
	}

	private void failing(String name) {
		this.fakes.plugin(name).onInitialize = () -> {
			throw new PluginStartException(new PluginId(name), "no");
		};
	}

	private PluginState state(String name) {
		return this.host.statuses()
			.stream()
			.filter((status) -> status.id().name().equals(name))
			.findFirst()
			.orElseThrow()
			.state();
	}

}
