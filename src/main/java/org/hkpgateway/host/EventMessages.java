package org.hkpgateway.host;

import java.util.List;

import com.google.protobuf.ByteString;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBatch;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.plugin.EmittedEvent;

/**
 * Events between the protocol and the bus.
 */
final class EventMessages {

	private EventMessages() {
	}

	static EmittedEvent toEmitted(org.hkpgateway.proto.Event message) {
		return new EmittedEvent(message.getType(), message.getData().asReadOnlyByteBuffer(), message.getMetadataMap(),
				message.getCluster());
	}

	static EventFilter toFilter(org.hkpgateway.proto.EventFilter message) {
		return new EventFilter(List.copyOf(message.getEventTypesList()), message.getMetadataFiltersMap());
	}

	static org.hkpgateway.proto.EventBatch toMessage(EventBatch batch) {
		org.hkpgateway.proto.EventBatch.Builder message = org.hkpgateway.proto.EventBatch.newBuilder()
			.setDropped(batch.lost());
		for (Event event : batch.events()) {
			message.addEvents(toMessage(event));
		}
		return message.build();
	}

	private static org.hkpgateway.proto.Event toMessage(Event event) {
		return org.hkpgateway.proto.Event.newBuilder()
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

}
