package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which plugin is asked for keys.
 */
class KeyProviderTests {

	private static final KeyProvider.Question QUESTION = new KeyProvider.Question(
			KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of()), 0, 1);

	private final HostHarness harness = new HostHarness();

	private static TestSpec provider(String name, int order) {
		return TestSpec.named(name).order(order).granted(Capability.STORAGE_PROVIDE);
	}

	private void start(PluginSpec... specs) {
		for (PluginSpec spec : specs) {
			this.harness.plugin(spec.id().name()).keys = (question, budget) -> Mono.just(Optional.empty());
		}
		this.harness.start(specs);
	}

	private String asked() {
		return this.harness.host.keyProvider().map((named) -> named.plugin().name()).orElse("nobody");
	}

	@Test
	void itIsTheFirstThatWasGrantedItAndCanBeAsked() {
		start(TestSpec.named("ungranted").order(1).build(), provider("shadow", 2).shadow().build(),
				provider("disabled", 3).disabled().build(), provider("second", 5).build(),
				provider("first", 4).build());
		assertThat(asked()).isEqualTo("first");
		this.harness.plugin("first").keys = null;
		assertThat(asked()).isEqualTo("second");
		this.harness.plugin("second").process().exit(1);
		assertThat(asked()).isEqualTo("nobody");
		this.harness.time.run();
		assertThat(asked()).isEqualTo("second");
	}

	@Test
	void withoutPluginsItIsNobody() {
		start();
		assertThat(asked()).isEqualTo("nobody");
	}

	@Test
	void queriesInFlightHoldTheEndOfAProcess() {
		Sinks.One<Optional<KeyPage>> answer = Sinks.one();
		start(provider("a", 1).build());
		this.harness.plugin("a").keys = (question, budget) -> answer.asMono();
		KeyProvider keys = this.harness.host.keyProvider().orElseThrow().keys();
		keys.provide(QUESTION, Duration.ofSeconds(1)).subscribe();
		var stopped = this.harness.host.disable(HostHarness.id("a"));
		this.harness.time.run();
		assertThat(stopped).isNotDone();
		assertThat(asked()).isEqualTo("nobody");
		StepVerifier.create(keys.provide(QUESTION, Duration.ofSeconds(1)))
			.expectError(PluginFailure.Withdrawn.class)
			.verify(Duration.ofSeconds(5));
		answer.tryEmitValue(Optional.of(new KeyPage(List.of(), 0)));
		this.harness.time.run();
		assertThat(stopped).isDone();
	}

}
