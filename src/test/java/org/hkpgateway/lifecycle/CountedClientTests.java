package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CountedClient}.
 */
class CountedClientTests {

	private static final PluginId ID = new PluginId("a");

	private static final ResponseEvent ANSWER = new ResponseEvent(Requests.any(), true, 200, Headers.empty(),
			Duration.ZERO);

	private final Sinks.One<Decision> answer = Sinks.one();

	private final CountedClient client = new CountedClient(ID, (event, budget) -> this.answer.asMono());

	@Test
	void countsFromSubscriptionToAnswer() {
		Mono<Decision> call = decide(this.client);
		assertThat(this.client.inFlight()).isZero();
		call.subscribe();
		call.subscribe();
		assertThat(this.client.inFlight()).isEqualTo(2);
		this.answer.tryEmitValue(Decision.Continue.UNCHANGED).orThrow();
		assertThat(this.client.inFlight()).isZero();
	}

	@Test
	void cancelAndErrorEndACall() {
		Disposable cancelled = decide(this.client).subscribe();
		decide(this.client).onErrorComplete().subscribe();
		cancelled.dispose();
		assertThat(this.client.inFlight()).isEqualTo(1);
		this.answer.tryEmitError(new PluginFailure.Timeout(ID, "late")).orThrow();
		assertThat(this.client.inFlight()).isZero();
	}

	@Test
	void clientThatThrowsEndsACall() {
		CountedClient throwing = new CountedClient(ID, (event, budget) -> {
			throw new IllegalArgumentException("no");
		});
		StepVerifier.create(decide(throwing)).expectError(IllegalArgumentException.class).verify(Duration.ofSeconds(5));
		assertThat(throwing.inFlight()).isZero();
	}

	@Test
	void drainsAtOnceWhenIdle() {
		assertThat(this.client.drain()).isCompleted();
		assertThat(this.client.drain()).isCompleted();
	}

	@Test
	void drainsWhenTheLastCallEnds() {
		Disposable first = decide(this.client).subscribe();
		Disposable second = decide(this.client).subscribe();
		CompletableFuture<Void> drained = this.client.drain();
		first.dispose();
		assertThat(drained).isNotDone();
		assertThat(this.client.inFlight()).isEqualTo(1);
		second.dispose();
		assertThat(drained).isCompleted();
	}

	@Test
	void callsOfAnotherClientAreCountedAndRefusedAlike() {
		PluginClient other = this.client.counting((event, budget) -> this.answer.asMono());
		Disposable running = decide(other).subscribe();
		assertThat(this.client.inFlight()).isEqualTo(1);
		CompletableFuture<Void> drained = this.client.drain();
		StepVerifier.create(decide(other)).expectError(PluginFailure.Withdrawn.class).verify(Duration.ofSeconds(5));
		running.dispose();
		assertThat(drained).isCompleted();
	}

	@Test
	void refusesCallsWhileDraining() {
		Disposable running = decide(this.client).subscribe();
		CompletableFuture<Void> drained = this.client.drain();
		StepVerifier.create(decide(this.client))
			.expectErrorSatisfies((error) -> assertThat(error).isInstanceOf(PluginFailure.Withdrawn.class)
				.hasMessage("plugin a: it is being stopped"))
			.verify(Duration.ofSeconds(5));
		assertThat(drained).isNotDone();
		running.dispose();
		assertThat(drained).isCompleted();
	}

	@Test
	void callsOfTheResponsePhaseCountToo() {
		Sinks.One<ResponseDecision> review = Sinks.one();
		CountedClient both = new CountedClient(ID, new PluginClient() {

			@Override
			public Mono<Decision> decide(RequestEvent event, Duration budget) {
				return Mono.never();
			}

			@Override
			public ResponseClient responses() {
				return (event, budget) -> review.asMono();
			}

		});
		both.responses().review(ANSWER, Duration.ofSeconds(1)).subscribe();
		assertThat(both.inFlight()).isEqualTo(1);
		CompletableFuture<Void> drained = both.drain();
		assertThat(drained).isNotDone();
		StepVerifier.create(both.responses().review(ANSWER, Duration.ofSeconds(1)))
			.expectError(PluginFailure.Withdrawn.class)
			.verify(Duration.ofSeconds(5));
		review.tryEmitValue(ResponseDecision.UNCHANGED).orThrow();
		assertThat(drained).isCompleted();
		assertThat(this.client.responses()).isNull();
	}

	@Test
	void oneThatBreaksOnTrialIsReplacedInTheResponsePhaseToo() {
		AtomicReference<PluginFailure> broken = new AtomicReference<>();
		PluginFailure lost = new PluginFailure.Unavailable(ID, "reset");
		PluginClient breaking = new PluginClient() {

			@Override
			public Mono<Decision> decide(RequestEvent event, Duration budget) {
				return Mono.never();
			}

			@Override
			public ResponseClient responses() {
				return (event, budget) -> Mono.error(lost);
			}

		};
		StepVerifier.create(new TrialClient(breaking, (failure) -> {
			broken.set(failure);
			return true;
		}).responses().review(ANSWER, Duration.ofSeconds(1)))
			.expectError(PluginFailure.Withdrawn.class)
			.verify(Duration.ofSeconds(5));
		assertThat(broken).hasValue(lost);
		StepVerifier
			.create(new TrialClient(breaking, (failure) -> false).responses().review(ANSWER, Duration.ofSeconds(1)))
			.expectErrorSatisfies((failure) -> assertThat(failure).isSameAs(lost))
			.verify(Duration.ofSeconds(5));
		assertThat(new TrialClient(this.client, (failure) -> true).responses()).isNull();
	}

	private static Mono<Decision> decide(PluginClient client) {
		return client.decide(Requests.any(), Duration.ofSeconds(1));
	}

}
