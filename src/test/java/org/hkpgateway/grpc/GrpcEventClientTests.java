package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import com.google.protobuf.ByteString;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.EventClient.Receipt;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.KeyChangeEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link GrpcEventClient} and what leads to it.
 */
@Timeout(60)
class GrpcEventClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private FakePlugin plugin;

	private GrpcConnector connector;

	private GrpcPluginConnection connection;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = (GrpcPluginConnection) this.connector.offer(TestEvents.spec())
			.connect(this.plugin.endpoint(), null, LONG);
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	private EventClient client(FakeEvents.Manners manners) {
		this.plugin.brought.manners = manners;
		this.connection.initialize("i-1", LONG);
		this.plugin.calls.clear();
		return this.connection.events();
	}

	private static List<PluginEvent> changes(int count) {
		return IntStream.rangeClosed(1, count).mapToObj((number) -> TestEvents.changed(number, "inserted")).toList();
	}

	@Test
	void aBatchIsOneCall() {
		EventClient client = client(FakeEvents.Manners.BATCHES);
		assertThat(client.wish().types()).containsExactly("key.*", "config.changed", "plugin.state", "cluster.*");
		assertThat(client.deliver(changes(3), 7).block(LONG)).isEqualTo(Receipt.TAKEN);
		assertThat(this.plugin.calls).containsExactly("PublishEvents");
		EventBatch batch = this.plugin.brought.batches.remove();
		assertThat(batch.getDropped()).isEqualTo(7);
		assertThat(batch.getEventsList()).extracting(Event::getSequence).containsExactly(1L, 2L, 3L);
		assertThat(batch.getEvents(0)).isEqualTo(Event.newBuilder()
			.setId("id-1")
			.setType("key.changed")
			.setSource("gateway")
			.setReplica("replica-1")
			.setSequence(1)
			.setCluster(true)
			.setTimestamp(TestEvents.AT.getEpochSecond())
			.setData(ByteString.copyFromUtf8("{\"n\":1}"))
			.putMetadata("fingerprint", "F1")
			.putMetadata("change", "inserted")
			.build());
	}

	@Test
	void aPluginMayAskForEverything() {
		assertThat(client(FakeEvents.Manners.EVERYTHING).wish().types()).isEmpty();
	}

	@Test
	void whoKnowsNoBatchesGetsOneAfterTheOther() {
		EventClient client = client(FakeEvents.Manners.SINGLES);
		assertThat(client.deliver(changes(3), 0).block(LONG)).isEqualTo(Receipt.TAKEN);
		assertThat(client.deliver(changes(1), 0).block(LONG)).isEqualTo(Receipt.TAKEN);
		assertThat(this.plugin.calls).containsExactly("PublishEvents", "PublishEvent", "PublishEvent", "PublishEvent",
				"PublishEvent");
		assertThat(this.plugin.brought.singles).extracting(Event::getSequence).containsExactly(1L, 2L, 3L, 1L);
	}

	@Test
	void whoGivesNoAnswerIsNotAskedToTakeTheOthers() {
		EventClient client = client(FakeEvents.Manners.SINGLES_UNTIL_AWAY);
		Receipt receipt = client.deliver(changes(3), 0).block(LONG);
		assertThat(receipt.failed()).isEqualTo(3);
		assertThat(receipt.failure()).isInstanceOf(PluginFailure.Unavailable.class);
		assertThat(this.plugin.brought.singles).extracting(Event::getSequence).containsExactly(1L);
	}

	@Test
	void batchesAreNoLargerThanThePluginTakes() {
		this.plugin.manners = FakePlugin.Manners.ACCEPTS_1_KB;
		EventClient client = client(FakeEvents.Manners.BATCHES);
		assertThat(client.deliver(changes(40), 7).block(LONG)).isEqualTo(Receipt.TAKEN);
		assertThat(this.plugin.brought.batches).hasSizeGreaterThan(1)
			.allSatisfy((batch) -> assertThat(batch.getSerializedSize()).isLessThanOrEqualTo(1024));
		assertThat(this.plugin.brought.batches).extracting(EventBatch::getDropped).startsWith(7L, 0L);
		assertThat(this.plugin.brought.batches.stream().flatMap((batch) -> batch.getEventsList().stream()))
			.extracting(Event::getSequence)
			.containsExactlyElementsOf(LongStream.rangeClosed(1, 40).boxed().toList());
	}

	@Test
	void whatWasLostIsToldWithTheFirstEventsThatAreTaken() {
		this.plugin.manners = FakePlugin.Manners.ACCEPTS_1_KB;
		EventClient client = client(FakeEvents.Manners.BATCHES);
		PluginEvent large = new TestEvents.Told("key.changed", 1, Map.of("fingerprint", "F".repeat(2000)));
		Receipt receipt = client.deliver(List.of(large, TestEvents.changed(2, "inserted")), 7).block(LONG);
		assertThat(receipt.failed()).isEqualTo(1);
		assertThat(this.plugin.brought.batches).extracting(EventBatch::getDropped).containsExactly(7L);
	}

	@Test
	void ofABatchOnlyTheEventThatIsTooLargeIsLost() {
		this.plugin.manners = FakePlugin.Manners.ACCEPTS_1_KB;
		EventClient client = client(FakeEvents.Manners.BATCHES);
		Receipt receipt = client.deliver(List.of(TestEvents.changed(1, "inserted"),
				new TestEvents.Told("key.changed", 2, Map.of("fingerprint", "F".repeat(2000))),
				TestEvents.changed(3, "inserted")), 0)
			.block(LONG);
		assertThat(receipt.failed()).isEqualTo(1);
		assertThat(receipt.failure()).isInstanceOf(PluginFailure.TooLarge.class)
			.hasMessageContaining("at most 1024 bytes")
			.hasMessageContaining("max_message_bytes");
		assertThat(this.plugin.brought.batches.stream().flatMap((batch) -> batch.getEventsList().stream()))
			.extracting(Event::getSequence)
			.containsExactly(1L, 3L);
	}

	@Test
	void anEarlierPluginHearsOfKeys() {
		EventClient client = client(FakeEvents.Manners.KEY_CHANGES);
		assertThat(client.wish().types()).containsExactly("key.changed");
		List<PluginEvent> events = List.of(TestEvents.changed(1, "inserted"), TestEvents.changed(2, "ignored"),
				TestEvents.changed(3, "updated"), TestEvents.changed(5, "deleted"), TestEvents.changed(6, "unknown"),
				new TestEvents.Told("key.submitted", 4, Map.of("change", "inserted")));
		Receipt receipt = client.deliver(events, 0).block(LONG);
		assertThat(receipt.failed()).isZero();
		assertThat(this.plugin.brought.keyChanges).containsExactly(
				KeyChangeEvent.newBuilder()
					.setId("id-1")
					.setChangeType(KeyChangeEvent.ChangeType.CREATE)
					.setFingerprint("F1")
					.setTimestamp(TestEvents.AT.getEpochSecond())
					.build(),
				KeyChangeEvent.newBuilder()
					.setId("id-3")
					.setChangeType(KeyChangeEvent.ChangeType.UPDATE)
					.setFingerprint("F3")
					.setTimestamp(TestEvents.AT.getEpochSecond())
					.build(),
				KeyChangeEvent.newBuilder()
					.setId("id-5")
					.setChangeType(KeyChangeEvent.ChangeType.DELETE)
					.setFingerprint("F5")
					.setTimestamp(TestEvents.AT.getEpochSecond())
					.build());
		assertThat(receipt.emitted())
			.extracting((event) -> event.type() + " " + StandardCharsets.UTF_8.decode(event.data()))
			.containsExactly("plugin.fake.key.seen {\"key\":\"F1\"}", "plugin.fake.key.seen {\"key\":\"F3\"}",
					"plugin.fake.key.seen {\"key\":\"F5\"}");
	}

	@ParameterizedTest
	@EnumSource(names = { "OFF", "UNKNOWN" })
	void whoKnowsNoMethodIsNotAskedAgain(FakeEvents.Manners manners) {
		EventClient client = client(manners);
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(EventClient.NotTaken.class)
				.isThrownBy(() -> client.deliver(changes(2), 0).block(LONG));
		}
		assertThat(this.plugin.calls).hasSize((manners == FakeEvents.Manners.OFF) ? 1 : 2);
	}

	@Test
	void whatItEmitsIsReadAsItComes() {
		StepVerifier.create(client(FakeEvents.Manners.EMITS).emitted().map(EmittedEvent::type))
			.expectNext("plugin.fake.one", "key.changed", "plugin.fake.three")
			.then(() -> assertThat(this.plugin.calls).containsExactly("SubscribeEvents"))
			.then(this.connection::close)
			.expectComplete()
			.verify(LONG);
	}

	@Test
	void aStreamThatEndsIsOpenedAgain() {
		StepVerifier.create(client(FakeEvents.Manners.EMITS_AND_ENDS).emitted().map(EmittedEvent::type))
			.expectNext("plugin.fake.turn-1", "plugin.fake.turn-2", "plugin.fake.turn-3")
			.thenCancel()
			.verify(LONG);
	}

	@Test
	void aStreamLeavesAConnectionThatIsToBeLeft() {
		StepVerifier.create(client(FakeEvents.Manners.EMITS).emitted().map(EmittedEvent::type))
			.expectNextCount(3)
			.then(() -> this.connection.events().renew())
			.expectNext("plugin.fake.one", "key.changed", "plugin.fake.three")
			.thenCancel()
			.verify(LONG);
	}

	@Test
	void whoKnowsNoStreamIsNotAskedAgain() {
		StepVerifier.create(client(FakeEvents.Manners.OFF).emitted())
			.expectError(EventClient.NotTaken.class)
			.verify(LONG);
		assertThat(this.plugin.calls).containsExactly("SubscribeEvents");
	}

	/** More than the buffers of a connection hold is never sent. */
	@Test
	void aFloodWaitsInThePlugin() {
		StepVerifier.create(client(FakeEvents.Manners.EMITS_A_FLOOD).emitted(), 10)
			.expectNextCount(10)
			.then(this::awaitQuiet)
			.thenRequest(3_000)
			.expectNextCount(3_000)
			.thenCancel()
			.verify(LONG);
		assertThat(this.plugin.brought.flooded).hasValueGreaterThan(3_000);
	}

	private void awaitQuiet() {
		long before;
		do {
			before = this.plugin.brought.flooded.get();
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
		}
		while (this.plugin.brought.flooded.get() != before);
		// A KiB each.
		assertThat(before).isLessThan(3_000);
	}

	@Test
	void whatFailsIsNotRepeated() {
		EventClient client = client(FakeEvents.Manners.FAILS_EVERY_OTHER);
		assertThat(client.deliver(changes(3), 0).block(LONG)).isEqualTo(Receipt.TAKEN);
		Receipt failed = client.deliver(changes(3), 0).block(LONG);
		assertThat(failed.failed()).isEqualTo(3);
		assertThat(failed.failure()).hasMessageContaining("PublishEvents: expected: an answer, got: INTERNAL: cannot");
		assertThat(this.plugin.calls).containsExactly("PublishEvents", "PublishEvents");
	}

}
