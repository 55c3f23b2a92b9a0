package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import com.google.protobuf.ByteString;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.EventClient.Receipt;
import org.hkpgateway.plugin.PluginEvent;
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
		assertThat(client.wish().types()).containsExactly("key.*", "config.changed", "plugin.state");
		assertThat(client.deliver(changes(3), 7).block(LONG)).isEqualTo(Receipt.TAKEN);
		assertThat(this.plugin.calls).containsExactly("PublishEvents");
		EventBatch batch = this.plugin.brought.batches.remove();
		assertThat(batch.getDropped()).isEqualTo(7);
		assertThat(batch.getEventsList()).extracting(Event::getSequence).containsExactly(1L, 2L, 3L);
		assertThat(batch.getEvents(0)).isEqualTo(Event.newBuilder()
			.setId("id-1")
			.setType("key.changed")
			.setSource("gateway")
			.setSequence(1)
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
	void anEarlierPluginHearsOfKeys() {
		EventClient client = client(FakeEvents.Manners.KEY_CHANGES);
		assertThat(client.wish().types()).containsExactly("key.changed");
		List<PluginEvent> events = List.of(TestEvents.changed(1, "inserted"), TestEvents.changed(2, "ignored"),
				TestEvents.changed(3, "updated"),
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
					.build());
		assertThat(receipt.emitted()).extracting((event) -> event.type() + " " + StandardCharsets.UTF_8.decode(event.data()))
			.containsExactly("plugin.null.seen {\"key\":\"F1\"}", "plugin.null.seen {\"key\":\"F3\"}");
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
	void whatFailsIsNotRepeated() {
		EventClient client = client(FakeEvents.Manners.FAILS_EVERY_OTHER);
		assertThat(client.deliver(changes(3), 0).block(LONG)).isEqualTo(Receipt.TAKEN);
		Receipt failed = client.deliver(changes(3), 0).block(LONG);
		assertThat(failed.failed()).isEqualTo(3);
		assertThat(failed.failure()).hasMessageContaining("PublishEvents: expected: an answer, got: INTERNAL: cannot");
		assertThat(this.plugin.calls).containsExactly("PublishEvents", "PublishEvents");
	}

}
