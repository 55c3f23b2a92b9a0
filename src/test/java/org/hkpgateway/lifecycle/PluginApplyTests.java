package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.lifecycle.ActionResult.Outcome;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginHost#difference} and {@link PluginHost#apply}.
 */
class PluginApplyTests {

	private final HostHarness harness = new HostHarness();

	private final PluginHost host = this.harness.host;

	@Test
	void differenceNamesWhatChangesButNothingSecret() {
		this.harness.start(HostHarness.spec("gone"), HostHarness.spec("same"), TestSpec.named("a").build(),
				remote("r", "one", "old token"));
		PluginDifference difference = this.host.difference(List.of(HostHarness.spec("same"), HostHarness.spec("new"),
				TestSpec.named("a")
					.order(50)
					.shadow()
					.speculative()
					.match(new MatchRules(Set.of("POST"), Set.of("index", "add"), List.of(), List.of()))
					.timeout(Duration.ofMillis(300))
					.granted(Capability.HTTP_REQUEST, Capability.STORAGE_QUERY)
					.config("{\"password\":\"secret\"}")
					.environment(Map.of("TOKEN", "secret"))
					.dependencies("same")
					.build(),
				remote("r", "two", "secret")));
		assertThat(difference.added()).containsExactly(HostHarness.id("new"));
		assertThat(difference.removed()).containsExactly(HostHarness.id("gone"));
		assertThat(difference.unchanged()).containsExactly(HostHarness.id("same"));
		assertThat(difference.changed()).containsOnlyKeys(HostHarness.id("a"), HostHarness.id("r"));
		assertThat(difference.changed().get(HostHarness.id("a"))).containsExactly("environment", "config",
				"order 100 -> 50", "mode enforce -> shadow", "speculative false -> true",
				"match everything -> methods POST and operations add, index", "timeout 200 ms -> 300 ms",
				"grants +storage.query -http.respond", "dependencies +same");
		assertThat(difference.changed().get(HostHarness.id("r"))).containsExactly("address one -> two", "token",
				"host-token");
		assertThat(difference.isEmpty()).isFalse();
		assertThat(difference.toString()).doesNotContain("secret");
	}

	@Test
	void differenceToItselfIsEmpty() {
		this.harness.start(HostHarness.spec("a"));
		assertThat(this.host.difference(List.of(HostHarness.spec("a"))).isEmpty()).isTrue();
	}

	@Test
	void everyComponentOfASpecificationIsCompared() {
		assertThat(PluginSpec.class.getRecordComponents()).hasSize(23);
		assertThat(PluginSource.Launched.class.getRecordComponents()).hasSize(7);
		assertThat(PluginSource.Remote.class.getRecordComponents()).hasSize(4);
	}

	@Test
	void removedAddedChangedAndUnchanged() {
		this.harness.start(HostHarness.spec("gone"), HostHarness.spec("same"), HostHarness.spec("a"));
		PluginRegistry.Entry gone = this.harness.entry("gone");
		this.harness.numbered("new");
		Map<PluginId, ActionResult> results = apply(HostHarness.spec("same"), FakePlugins.spec("a", 7, false),
				FakePlugins.spec("new", 1, false));
		assertThat(results).hasSize(4);
		assertThat(results.get(HostHarness.id("gone"))).isEqualTo(ActionResult.done("stopped and removed"));
		assertThat(results.get(HostHarness.id("same")).outcome()).isEqualTo(Outcome.UNCHANGED);
		assertThat(results.get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.DONE);
		assertThat(results.get(HostHarness.id("new")).outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.host.chain()).extracting((entry) -> entry.spec().id().name())
			.containsExactly("new", "a", "same");
		assertThat(this.host.statuses()).hasSize(3);
		assertThat(this.harness.removed).containsExactly(HostHarness.id("gone"));
		assertThat(HostHarness.ask(gone)).isEqualTo("left");
		assertThat(this.harness.plugin("gone").running()).isZero();
		assertThat(this.harness.plugin("same").processes()).hasSize(1);
		assertThat(this.harness.ask("a")).isEqualTo("2");
		assertThat(this.harness.status("a").other()).isNotNull();
		assertThat(this.harness.transitions).filteredOn((move) -> move.plugin().name().equals("same")).hasSize(2);
	}

	@Test
	void removedDependentsStopBeforeTheirDependencies() {
		this.harness.start(HostHarness.spec("a"), FakePlugins.spec("b", 20, false, "a"));
		apply();
		assertThat(this.harness.fakes.log).containsSubsequence("b close", "a close");
		assertThat(this.host.statuses()).isEmpty();
	}

	@Test
	void addedOnesStartAfterTheirDependencies() {
		this.harness.start();
		Map<PluginId, ActionResult> results = apply(HostHarness.spec("a"), FakePlugins.spec("b", 20, false, "a"));
		assertThat(results.get(HostHarness.id("b"))).isEqualTo(ActionResult.waiting("waits for a to be READY"));
		this.harness.time.run();
		assertThat(this.harness.state("b")).isEqualTo(READY);
		assertThat(this.harness.fakes.log).containsSubsequence("a health 5", "b launch 60");
	}

	@Test
	void changedOneThatComesToDependOnANewOneIsSwappedWhenThatIsReady() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.failing("new");
		Map<PluginId, ActionResult> results = apply(FakePlugins.spec("a", 100, false, "new"), HostHarness.spec("new"));
		assertThat(results.get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.WAITING);
		assertThat(this.harness.ask("a")).isEqualTo("1");
		assertThat(this.harness.status("a").waitingFor()).containsExactly(HostHarness.id("new"));
		this.harness.healed("new");
		this.harness.time.advance(Duration.ofSeconds(5));
		assertThat(this.harness.ask("a")).isEqualTo("2");
	}

	@Test
	void changedOneThatComesToDependOnAMissingOneGoesOnAsBefore() {
		this.harness.start(HostHarness.spec("a"));
		Map<PluginId, ActionResult> results = apply(FakePlugins.spec("a", 100, false, "nowhere"));
		assertThat(results.get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.REFUSED);
		assertThat(results.get(HostHarness.id("a")).reason()).contains("nowhere").endsWith("it goes on as before");
		assertThat(this.harness.ask("a")).isEqualTo("1");
	}

	@Test
	void addedOneWithoutItsDependencyFailsUntilThatIsAdded() {
		this.harness.start();
		apply(FakePlugins.spec("b", 20, false, "a"));
		assertThat(this.harness.state("b")).isEqualTo(FAILED);
		apply(FakePlugins.spec("b", 20, false, "a"), HostHarness.spec("a"));
		this.harness.time.run();
		assertThat(this.harness.state("b")).isEqualTo(READY);
	}

	@Test
	void enabledInTheConfigurationAndBack() {
		this.harness.start(HostHarness.disabled("a"));
		assertThat(apply(HostHarness.spec("a")).get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.ask("a")).isEqualTo("1");
		assertThat(apply(HostHarness.disabled("a")).get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.host.chain()).isEmpty();
		assertThat(this.harness.state("a")).isEqualTo(STOPPED);
		assertThat(this.harness.plugin("a").running()).isZero();
	}

	@Test
	void whatTheOperatorDisabledByHandStaysDisabled() {
		this.harness.start(HostHarness.spec("a"));
		this.harness.result(this.host.disable(HostHarness.id("a")));
		apply(HostHarness.spec("a"));
		assertThat(this.harness.status("a").enabled()).isFalse();
		apply(FakePlugins.spec("a", 7, false));
		assertThat(this.harness.status("a").enabled()).isFalse();
		assertThat(this.harness.status("a").order()).isEqualTo(7);
		assertThat(this.harness.plugin("a").processes()).hasSize(1);
		this.harness.result(this.host.enable(HostHarness.id("a")));
		assertThat(this.harness.entry("a").spec().order()).isEqualTo(7);
	}

	@Test
	void changedOneThatIsNotReadyIsStartedAfresh() {
		this.harness.failing("a");
		this.harness.start(HostHarness.spec("a"));
		this.harness.time.advance(Duration.ofSeconds(10));
		this.harness.healed("a");
		assertThat(apply(FakePlugins.spec("a", 7, false)).get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.DONE);
		assertThat(this.harness.status("a").other()).isNull();
		assertThat(this.harness.entry("a").spec().order()).isEqualTo(7);
	}

	@Test
	void laterApplyDecides() {
		this.harness.start(HostHarness.spec("a"));
		CompletableFuture<Map<PluginId, ActionResult>> first = this.host
			.apply(List.of(FakePlugins.spec("a", 7, false)));
		CompletableFuture<Map<PluginId, ActionResult>> second = this.host
			.apply(List.of(FakePlugins.spec("a", 7, false)));
		CompletableFuture<Map<PluginId, ActionResult>> third = this.host.apply(List.of(HostHarness.spec("a")));
		this.harness.time.run();
		assertThat(first.join().get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.FAILED);
		assertThat(second.join().get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.UNCHANGED);
		assertThat(third.join().get(HostHarness.id("a"))).isEqualTo(ActionResult.done("it stays as it is"));
		assertThat(this.harness.status("a").order()).isEqualTo(100);
		assertThat(this.harness.status("a").other()).isNull();
		assertThat(this.harness.plugin("a").running()).isEqualTo(1);
	}

	@Test
	void rolledBackConfigurationMayBeTriedAgain() {
		this.harness.start(HostHarness.spec("a"));
		apply(FakePlugins.spec("a", 7, false));
		this.harness.plugin("a").process().exit(1);
		this.harness.time.run();
		assertThat(this.harness.entry("a").spec().order()).isEqualTo(100);
		assertThat(this.host.difference(List.of(FakePlugins.spec("a", 7, false))).changed()).hasSize(1);
		apply(FakePlugins.spec("a", 7, false));
		assertThat(this.harness.entry("a").spec().order()).isEqualTo(7);
	}

	@Test
	void twoOfOneNameAreRefusedBeforeAnythingHappens() {
		this.harness.start(HostHarness.spec("a"));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.host.apply(List.of(HostHarness.spec("b"), HostHarness.spec("b"))));
		assertThat(this.host.statuses()).hasSize(1);
	}

	@Test
	void closeEndsAnApplyThatHasNotBegun() {
		this.harness.start(HostHarness.spec("a"));
		CompletableFuture<Map<PluginId, ActionResult>> notBegun = this.host
			.apply(List.of(FakePlugins.spec("a", 7, false)));
		this.host.close(Duration.ZERO);
		assertThat(notBegun.getNow(null))
			.containsExactly(Map.entry(HostHarness.id("a"), ActionResult.failed("the gateway stops")));
		assertThat(this.host.apply(List.of(HostHarness.spec("b"))).getNow(null))
			.containsExactly(Map.entry(HostHarness.id("b"), ActionResult.refused("the gateway stops")));
	}

	@Test
	void oneThatIsRequiredNoLongerDoesNotKeepReadinessDown() {
		this.harness.failing("a");
		this.harness.start(FakePlugins.spec("a", 10, true));
		assertThat(this.host.requiredReady()).isFalse();
		apply(FakePlugins.spec("a", 10, false));
		assertThat(this.harness.state("a")).isNotEqualTo(READY);
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).isTrue();
	}

	/** It is tried for ever, so it never gets to FAILED. */
	@Test
	void aRequiredRemotePluginThatIsNotThereDoesNotKeepThePortClosed() {
		this.harness.failing("r");
		this.harness
			.start(TestSpec.named("r").source(new PluginSource.Remote("nowhere:1", null, null)).required(true).build());
		assertThat(this.host.settled()).isCompleted();
		assertThat(this.host.requiredReady()).as("the first readiness waits for it").isFalse();
	}

	/** A watch may see changed files while the gateway is still starting. */
	@Test
	void applyBeforeTheStartIsRefusedAndStartsNothing() {
		assertThat(apply(HostHarness.spec("a")).get(HostHarness.id("a")).outcome()).isEqualTo(Outcome.REFUSED);
		this.harness.start(HostHarness.spec("a"));
		assertThat(this.harness.state("a")).isEqualTo(READY);
		assertThat(this.harness.plugin("a").processes()).hasSize(1);
	}

	private static PluginSpec remote(String name, String address, String token) {
		return TestSpec.named(name).source(new PluginSource.Remote(address, null, token, token)).build();
	}

	private Map<PluginId, ActionResult> apply(PluginSpec... specs) {
		CompletableFuture<Map<PluginId, ActionResult>> applied = this.host.apply(List.of(specs));
		this.harness.time.run();
		return applied.getNow(null);
	}

}
