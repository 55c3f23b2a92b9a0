package org.hkpgateway.storage;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin that has keys itself, and the keyserver behind it.
 */
@Timeout(60)
class ProvidedKeysTests {

	private static final Duration LONG = Duration.ofSeconds(30);

	private static final PluginId PROVIDER = new PluginId("provider");

	private static final PluginId CALLER = new PluginId("caller");

	private static final KeyQuery ALICE = KeyQuery.of(KeyQuery.Type.SEARCH, "alice", Map.of());

	private static final KeyInfo OWN = key(1, 0);

	private static final KeyInfo KEYSERVERS = key(2, 0);

	private final RawUpstream keyserver;

	private final AnswerCacheTests.RecordedListener listener = new AnswerCacheTests.RecordedListener();

	private final AtomicInteger asked = new AtomicInteger();

	private final KeyStorage storage;

	private KeyProvider keys = (question, budget) -> Mono.just(Optional.of(new KeyPage(List.of(OWN), 1)));

	ProvidedKeysTests() throws IOException {
		this.keyserver = RawUpstream.answering("HTTP/1.0 200 OK\r\n\r\npub:" + KEYSERVERS.fingerprint() + ":1:1:1::\n");
		this.storage = new KeyStorage(new StorageSettings(1 << 20, LONG, LONG, 1 << 20, LONG),
				() -> List.of(this.keyserver.uri()),
				() -> Optional.of(new KeyProvider.Named(PROVIDER, (question, budget) -> {
					this.asked.incrementAndGet();
					return this.keys.provide(question, budget);
				})), Flux.never(), this.listener, StorageTracing.NONE);
	}

	@AfterEach
	void close() throws IOException {
		this.storage.close();
		this.keyserver.close();
	}

	private static KeyInfo key(int number, int bytes) {
		return new KeyInfo("%040d".formatted(number), List.of(), 1, 0, false, new byte[bytes]);
	}

	private List<KeyInfo> ask(PluginId caller) {
		return this.storage.query(caller, ALICE, 0, 10_000).block(LONG).keys();
	}

	@Test
	void thePluginIsAskedInTheKeyserversPlaceAndItsAnswerKept() {
		assertThat(ask(CALLER)).containsExactly(OWN);
		assertThat(ask(CALLER)).containsExactly(OWN);
		assertThat(this.asked).hasValue(1);
		assertThat(this.keyserver.waiting()).isZero();
		assertThat(this.listener.provided).containsExactly("provider answered");
	}

	@Test
	void whatItAsksItselfGoesToTheKeyserver() {
		assertThat(ask(CALLER)).containsExactly(OWN);
		assertThat(ask(PROVIDER)).containsExactly(KEYSERVERS);
		assertThat(ask(CALLER)).containsExactly(OWN);
		assertThat(this.asked).hasValue(1);
		StepVerifier.create(this.storage.stream(PROVIDER, ALICE)).expectNext(KEYSERVERS).verifyComplete();
		StepVerifier.create(this.storage.stream(CALLER, ALICE)).expectNext(OWN).verifyComplete();
	}

	@Test
	void whatItDeclinesTheKeyserverAnswers() {
		this.keys = (question, budget) -> Mono.just(Optional.empty());
		assertThat(ask(CALLER)).containsExactly(KEYSERVERS);
		assertThat(this.listener.provided).containsExactly("provider declined");
		StepVerifier.create(this.storage.stream(CALLER, ALICE)).expectNext(KEYSERVERS).verifyComplete();
	}

	@Test
	void whenItFailsTheKeyserverAnswers() {
		this.keys = (question, budget) -> Mono.error(new PluginFailure.Timeout(PROVIDER, "late"));
		assertThat(ask(CALLER)).containsExactly(KEYSERVERS);
		StepVerifier.create(this.storage.stream(CALLER, ALICE)).expectNext(KEYSERVERS).verifyComplete();
		assertThat(this.listener.provided).containsExactly("provider failed", "provider failed");
		// The failure is not kept, the keyserver's answer is.
		this.keys = (question, budget) -> Mono.just(Optional.of(new KeyPage(List.of(OWN), 1)));
		assertThat(ask(CALLER)).containsExactly(OWN);
	}

	@Test
	void thatNoPageComesInTimeIsAFailureToo() {
		try (KeyStorage impatient = new KeyStorage(new StorageSettings(0, LONG, Duration.ofMillis(100), 1 << 20, LONG),
				List::of, () -> Optional.of(new KeyProvider.Named(PROVIDER, (question, budget) -> Mono.never())),
				Flux.never(), this.listener, StorageTracing.NONE)) {
			StepVerifier.create(impatient.query(CALLER, ALICE, 0, 1)).expectError(StorageException.class).verify(LONG);
			assertThat(this.listener.provided).containsExactly("provider failed");
		}
	}

	@Test
	void aPluginWithoutEndFailsToo() {
		this.keys = (question, budget) -> Mono
			.just(Optional.of(new KeyPage(List.of(key(question.offset(), 1000)), Integer.MAX_VALUE)));
		assertThat(ask(CALLER)).containsExactly(KEYSERVERS);
		assertThat(this.asked.get()).isBetween(500, 1200);
	}

	@Test
	void allPagesAreTaken() {
		this.keys = (question, budget) -> Mono.just(Optional.of(KeyPage
			.of(IntStream.range(0, 2500).mapToObj((number) -> key(number, 0)).toList(), question.offset(), 1000)));
		assertThat(ask(CALLER)).hasSize(2500).doesNotHaveDuplicates();
		assertThat(this.asked).hasValue(3);
		StepVerifier.create(this.storage.stream(CALLER, ALICE)).expectNextCount(2500).verifyComplete();
	}

	@Test
	void aStreamThatBreaksIsNotBegunAnew() {
		this.keys = (question, budget) -> (question.offset() == 0)
				? Mono.just(Optional.of(new KeyPage(List.of(OWN), 2)))
				: Mono.error(new PluginFailure.Unavailable(PROVIDER, "gone"));
		StepVerifier.create(this.storage.stream(CALLER, ALICE))
			.expectNext(OWN)
			.expectErrorMessage("plugin provider: gone")
			.verify(LONG);
		assertThat(ask(CALLER)).containsExactly(KEYSERVERS);
	}

	@Test
	void whenNobodyAnswersTheKeyserverSaysWhy() throws IOException {
		this.keyserver.close();
		this.keys = (question, budget) -> Mono.error(new PluginFailure.Timeout(PROVIDER, "late"));
		StepVerifier.create(this.storage.query(CALLER, ALICE, 0, 1))
			.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(StorageException.class)
				.hasMessageStartingWith("keyserver " + this.keyserver.uri().getAuthority() + ": "))
			.verify(LONG);
	}

}
