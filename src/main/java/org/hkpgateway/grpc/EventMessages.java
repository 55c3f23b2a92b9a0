package org.hkpgateway.grpc;

import java.util.List;
import java.util.Optional;

import com.google.protobuf.ByteString;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.KeyChangeEvent;

/**
 * Events between the protocol and the domain.
 */
final class EventMessages {

	/** The type that legacy plugins hear of. */
	static final String KEY_CHANGED = "key.changed";

	private EventMessages() {
	}

	static EventBatch toBatch(List<? extends PluginEvent> events, long lost) {
		EventBatch.Builder batch = EventBatch.newBuilder().setDropped(lost);
		events.forEach((event) -> batch.addEvents(toMessage(event)));
		return batch.build();
	}

	static Event toMessage(PluginEvent event) {
		return Event.newBuilder()
			.setId(event.id())
			.setType(event.type())
			.setData(ByteString.copyFromUtf8(event.data()))
			.setTimestamp(event.at().getEpochSecond())
			.setSource(event.source())
			.putAllMetadata(event.metadata())
			.setReplica(event.replica())
			.setSequence(event.sequence())
			.setCluster(event.cluster())
			.build();
	}

	/**
	 * The legacy form.
	 * @param event any event
	 * @return empty if it says of no key that it is another now
	 */
	static Optional<KeyChangeEvent> toKeyChange(PluginEvent event) {
		KeyChangeEvent.ChangeType change = switch (event.metadata().getOrDefault("change", "")) {
			case "inserted" -> KeyChangeEvent.ChangeType.CREATE;
			case "updated" -> KeyChangeEvent.ChangeType.UPDATE;
			case "deleted" -> KeyChangeEvent.ChangeType.DELETE;
			default -> KeyChangeEvent.ChangeType.UNKNOWN;
		};
		if (change == KeyChangeEvent.ChangeType.UNKNOWN || !event.type().equals(KEY_CHANGED)) {
			return Optional.empty();
		}
		return Optional.of(KeyChangeEvent.newBuilder()
			.setId(event.id())
			.setChangeType(change)
			.setFingerprint(event.metadata().getOrDefault("fingerprint", ""))
			.setTimestamp(event.at().getEpochSecond())
			.build());
	}

	static EmittedEvent toEmitted(Event message) {
		return new EmittedEvent(message.getType(), message.getData().asReadOnlyByteBuffer(), message.getMetadataMap(),
				message.getCluster());
	}

}
