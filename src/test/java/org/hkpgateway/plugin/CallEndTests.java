package org.hkpgateway.plugin;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.publisher.TestPublisher.Violation;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CallEnd}.
 */
class CallEndTests {

	@Test
	void aValueIsOneEnd() {
		StepVerifier.create(CallEnd.of(Mono.just("a"))).expectNext(Signal.next("a")).verifyComplete();
	}

	@Test
	void aFailureIsAValue() {
		RuntimeException failure = new IllegalStateException("x");
		StepVerifier.create(CallEnd.of(Mono.error(failure)))
			.assertNext((end) -> assertThat(end.getThrowable()).isSameAs(failure))
			.verifyComplete();
	}

	@Test
	void nothingIsAnEndToo() {
		StepVerifier.create(CallEnd.of(Mono.empty()))
			.assertNext((end) -> assertThat(end.isOnComplete()).isTrue())
			.verifyComplete();
	}

	/** Reactor's own base class forgets a value that a second end follows. */
	@ParameterizedTest
	@MethodSource
	void theEndWaitsForDemand(Mono<String> call) {
		List<Signal<String>> ends = new ArrayList<>();
		BaseSubscriber<Signal<String>> waiting = new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				// No demand yet.
			}

			@Override
			protected void hookOnNext(Signal<String> end) {
				ends.add(end);
			}

		};
		CallEnd.of(call).subscribe(waiting);
		assertThat(ends).isEmpty();
		waiting.request(1);
		assertThat(ends).hasSize(1);
		assertThat(waiting.isDisposed()).isTrue();
	}

	static Stream<Mono<String>> theEndWaitsForDemand() {
		return Stream.of(Mono.just("a"), Mono.empty(), Mono.error(new IllegalStateException("x")));
	}

	@Test
	void cancellingCancelsTheCallAndNothingComesAfter() {
		TestPublisher<String> call = TestPublisher.createNoncompliant(Violation.CLEANUP_ON_TERMINATE);
		List<Signal<String>> ends = new ArrayList<>();
		Disposable waiting = CallEnd.of(Mono.fromDirect(call)).subscribe(ends::add);
		call.assertWasRequested();
		waiting.dispose();
		call.assertCancelled();
		List<Throwable> dropped = new ArrayList<>();
		Hooks.onErrorDropped(dropped::add);
		try {
			call.error(new IllegalStateException("late"));
		}
		finally {
			Hooks.resetOnErrorDropped();
		}
		assertThat(ends).isEmpty();
		assertThat(dropped).isEmpty();
	}

	@Test
	void theContextComesThrough() {
		Mono<String> call = Mono.deferContextual((context) -> Mono.just(context.get("key")));
		StepVerifier.create(CallEnd.of(call).contextWrite((context) -> context.put("key", "value")))
			.expectNext(Signal.next("value"))
			.verifyComplete();
	}

}
