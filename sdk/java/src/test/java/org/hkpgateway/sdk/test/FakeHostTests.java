package org.hkpgateway.sdk.test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.host.SharedState;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link FakeHost}.
 */
class FakeHostTests {

	private static final String FINGERPRINT = "0123456789012345678901234567890123456789";

	private final FakeHost host = new FakeHost(Set.of("state", "storage.query", "events.publish", "events.subscribe"));

	@Test
	void valuesExpire() {
		SharedState state = this.host.state();
		SharedState.Value first = now(state.put("k", bytes("v"), Duration.ofSeconds(10)));
		assertThat(first.ttl()).hasSeconds(10);
		this.host.clock().advance(Duration.ofSeconds(9));
		assertThat(this.host.state().text("k")).contains("v");
		assertThat(now(state.get("k")).orElseThrow().ttl()).hasSeconds(1);
		this.host.clock().advance(Duration.ofSeconds(1));
		assertThat(now(state.get("k"))).isEmpty();
		now(state.put("k", bytes("w"), Duration.ZERO));
		this.host.clock().advance(Duration.ofDays(1000));
		assertThat(this.host.state().text("k")).contains("w");
		now(state.delete("k"));
		assertThat(this.host.state().text("k")).isEmpty();
	}

	@Test
	void onlyTheExpectedVersionIsReplaced() {
		SharedState state = this.host.state();
		SharedState.Swap created = now(state.compareAndSet("k", 0, bytes("a"), Duration.ZERO));
		assertThat(created.stored()).isTrue();
		assertThat(now(state.compareAndSet("k", 0, bytes("b"), Duration.ZERO)).stored()).isFalse();
		assertThat(now(state.compareAndSet("k", created.current().orElseThrow().version(), bytes("c"), Duration.ZERO))
			.stored()).isTrue();
		assertThat(this.host.state().text("k")).contains("c");
	}

	@Test
	void countersFallBackAtTheEndOfTheirWindow() {
		SharedState state = this.host.state();
		assertThat(now(state.increment("k", 0, Duration.ofSeconds(10))).value()).isZero();
		now(state.increment("k", 2, Duration.ofSeconds(10)));
		this.host.clock().advance(Duration.ofSeconds(4));
		assertThat(now(state.increment("k", 3, Duration.ofSeconds(10))))
			.isEqualTo(new SharedState.Count(5, Duration.ofSeconds(6)));
		this.host.clock().advance(Duration.ofSeconds(6));
		assertThat(now(state.increment("k", 1, Duration.ofSeconds(10))).value()).isEqualTo(1);
		assertThat(now(state.increment("ever", -1, Duration.ZERO))).isEqualTo(new SharedState.Count(-1, Duration.ZERO));
	}

	@Test
	void bucketsFillSteadily() {
		SharedState state = this.host.state();
		SharedState.Bucket bucket = new SharedState.Bucket(10, 5, Duration.ofSeconds(10));
		assertThat(now(state.acquire("k", 10, bucket))).isEqualTo(new SharedState.Acquired(true, 0, Duration.ZERO));
		assertThat(now(state.acquire("k", 2, bucket)))
			.isEqualTo(new SharedState.Acquired(false, 0, Duration.ofSeconds(4)));
		this.host.clock().advance(Duration.ofSeconds(4));
		assertThat(now(state.acquire("k", 2, bucket)).acquired()).isTrue();
	}

	@Test
	void keysAreFound() throws Exception {
		FakeKeys keys = this.host.keys();
		keys.add(KeyInfo.of(FINGERPRINT, "Alice <alice@lab.example>").withData(new byte[] { 1 }));
		keys.add(KeyInfo.of("A".repeat(40), "Bob <bob@lab.example>"));
		assertThat(now(keys.query(KeyQuery.lookup("0xFFFFFFFF"))).keys()).isEmpty();
		assertThat(now(keys.query(KeyQuery.lookup("0x" + FINGERPRINT))).keys()).singleElement()
			.satisfies((key) -> assertThat(key.data().hasRemaining()).isFalse());
		assertThat(now(keys.query(KeyQuery.fetch(FINGERPRINT.substring(24)))).keys()).singleElement()
			.satisfies((key) -> assertThat(key.data().remaining()).isEqualTo(1));
		assertThat(now(keys.query(KeyQuery.search("LAB.example").page(1, 1)))).satisfies((page) -> {
			assertThat(page.total()).isEqualTo(2);
			assertThat(page.keys()).extracting(KeyInfo::fingerprint).containsExactly("A".repeat(40));
		});
		assertThat(now(keys.query(KeyQuery.search("lab.example").exactly())).keys()).isEmpty();
		assertThat(now(keys.query(KeyQuery.search("bob@lab.example").exactly())).keys()).hasSize(1);
		List<String> read = new ArrayList<>();
		assertThat(
				now(keys.stream(KeyQuery.search("alice"), Duration.ofSeconds(1), (key) -> read.add(key.fingerprint()))))
			.isEqualTo(1);
		assertThat(read).containsExactly(FINGERPRINT);
	}

	@Test
	void eventsAreKeptAndBrought() {
		FakeEvents events = this.host.events();
		now(events.publish(Event.of("plugin.test.x").data("{}")));
		assertThat(events.published()).singleElement()
			.returns("test", Event::source)
			.returns(this.host.clock().instant(), Event::time);
		assertFails(HostException.Reason.INVALID, events.publish(Event.of("key.changed")));
		List<String> read = new ArrayList<>();
		Events.Subscription subscription = events.subscribe(EventFilter.of("key.*"),
				(batch) -> batch.events().forEach((event) -> read.add(event.type())));
		events.emit(Event.of("key.changed"), Event.of("config.changed"));
		subscription.close();
		events.emit(Event.of("key.submitted"));
		assertThat(read).containsExactly("key.changed");
	}

	@Test
	void itFailsAsTheTestWants() {
		this.host.fail(HostException.Reason.UNAVAILABLE);
		assertFails(HostException.Reason.UNAVAILABLE, this.host.state().get("k"));
		assertFails(HostException.Reason.UNAVAILABLE, this.host.info());
		this.host.heal();
		assertThat(now(this.host.state().get("k"))).isEmpty();
		assertThat(now(this.host.info()).protocolVersion()).isEqualTo("1.0");
		assertFails(HostException.Reason.INVALID, this.host.state().get(""));
	}

	@Test
	void whatIsNotGrantedFails() {
		FakeHost poor = new FakeHost(Set.of());
		assertFails(HostException.Reason.NOT_GRANTED, poor.state().get("k"));
		assertFails(HostException.Reason.NOT_GRANTED, poor.keys().query(KeyQuery.search("a")));
		assertFails(HostException.Reason.NOT_GRANTED, poor.events().publish(Event.of("plugin.test.x")));
		assertFails(HostException.Reason.NOT_GRANTED, poor.events().subscribe(EventFilter.of("*"), (batch) -> {
		}).ended());
	}

	private static void assertFails(HostException.Reason reason, CompletionStage<?> stage) {
		assertThatExceptionOfType(CompletionException.class).isThrownBy(() -> now(stage))
			.havingCause()
			.isInstanceOfSatisfying(HostException.class, (failure) -> assertThat(failure.reason()).isEqualTo(reason));
	}

	private static <T> T now(CompletionStage<T> stage) {
		assertThat(stage.toCompletableFuture()).isDone();
		return stage.toCompletableFuture().join();
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
