package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The guards of queries for keys.
 */
class GuardedKeysTests {

	private static final KeyProvider.Question QUESTION = new KeyProvider.Question(
			KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of()), 0, 1);

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final List<String> transitions = new ArrayList<>();

	private final List<Duration> limits = new ArrayList<>();

	private Mono<Optional<KeyPage>> answer = Mono.just(Optional.empty());

	private boolean known = true;

	@AfterEach
	void endTime() {
		this.time.dispose();
	}

	private PluginClient.Guarded guarded(Capability... granted) {
		return new GuardedPlugins(Duration.ofMillis(100), Duration.ofMillis(50),
				() -> this.time.now(TimeUnit.NANOSECONDS), this.time, () -> 0.5)
			.decorate(TestSpec.named("fake").timeout(Duration.ofMillis(200)).granted(granted).build(),
					new PluginClient() {

						@Override
						public Mono<Decision> decide(RequestEvent event, Duration budget) {
							return Mono.just(Decision.Continue.UNCHANGED);
						}

						@Override
						public KeyProvider keys() {
							return GuardedKeysTests.this.known ? this::provide : null;
						}

						private Mono<Optional<KeyPage>> provide(KeyProvider.Question question, Duration budget) {
							GuardedKeysTests.this.limits.add(budget);
							return GuardedKeysTests.this.answer;
						}

					}, (plugin, phase, from, to) -> this.transitions.add(phase + " " + from + ">" + to));
	}

	@Test
	void onlyWithTheGrantAndWhileTheMethodIsKnown() {
		assertThat(guarded(Capability.HTTP_REQUEST, Capability.STORAGE_QUERY).keys()).isNull();
		PluginClient granted = guarded(Capability.STORAGE_PROVIDE);
		KeyProvider keys = granted.keys();
		assertThat(keys).isNotNull();
		this.known = false;
		assertThat(granted.keys()).isNull();
		assertThat(keys.provide(QUESTION, Duration.ofSeconds(1)).block()).isEmpty();
	}

	@Test
	void theLimitIsThePluginsTimeoutAndNoBudgetOfRequests() {
		KeyProvider keys = guarded(Capability.STORAGE_PROVIDE).keys();
		keys.provide(QUESTION, Duration.ofSeconds(9)).block();
		keys.provide(QUESTION, Duration.ofMillis(30)).block();
		assertThat(this.limits).containsExactly(Duration.ofMillis(200), Duration.ofMillis(30));
	}

	@Test
	void lateOnesOpenABreakerOfTheirOwn() {
		PluginClient client = guarded(Capability.STORAGE_PROVIDE);
		this.answer = Mono.never();
		List<Throwable> failures = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			client.keys().provide(QUESTION, Duration.ofSeconds(1)).subscribe((page) -> {
			}, failures::add);
			this.time.advanceTimeBy(Duration.ofMillis(200));
		}
		assertThat(failures).hasSize(20).hasOnlyElementsOfType(PluginFailure.Timeout.class);
		assertThat(this.transitions).containsExactly("STORAGE CLOSED>OPEN");
		client.keys().provide(QUESTION, Duration.ofSeconds(1)).subscribe((page) -> {
		}, failures::add);
		assertThat(failures.get(20)).isInstanceOf(PluginFailure.BreakerOpen.class);
		assertThat(client.decide(null, Duration.ofSeconds(1)).block()).isSameAs(Decision.Continue.UNCHANGED);
	}

}
