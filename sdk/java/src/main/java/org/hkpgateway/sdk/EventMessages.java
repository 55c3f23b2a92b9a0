package org.hkpgateway.sdk;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import com.google.protobuf.ByteString;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * Events between the protocol and the types that authors see.
 */
final class EventMessages {

	private static final PluginLog log = PluginLog.get("sdk");

	private EventMessages() {
	}

	/** Without what the gateway sets. */
	static org.hkpgateway.proto.Event message(Event event) {
		return org.hkpgateway.proto.Event.newBuilder()
			.setType(event.type())
			.setData(ByteString.copyFromUtf8(event.data()))
			.putAllMetadata(event.metadata())
			.setCluster(event.cluster())
			.build();
	}

	static org.hkpgateway.proto.EventFilter message(EventFilter filter) {
		return org.hkpgateway.proto.EventFilter.newBuilder()
			.addAllEventTypes(filter.types())
			.putAllMetadataFilters(filter.metadata())
			.build();
	}

	static EventBatch batch(org.hkpgateway.proto.EventBatch message) {
		Stream<@Nullable Event> events = message.getEventsList().stream().map(EventMessages::event);
		List<Event> known = events.filter(Objects::nonNull).map(Objects::requireNonNull).toList();
		return new EventBatch(known, message.getDropped());
	}

	static EventBatch batch(org.hkpgateway.proto.Event message) {
		return batch(org.hkpgateway.proto.EventBatch.newBuilder().addEvents(message).build());
	}

	private static @Nullable Event event(org.hkpgateway.proto.Event message) {
		if (message.getType().isEmpty()) {
			log.warn("the gateway sent an event without a type, which is left out", "id", message.getId());
			return null;
		}
		return new Event(message.getId(), message.getType(), message.getData().toStringUtf8(),
				Instant.ofEpochSecond(message.getTimestamp()), message.getSource(), message.getMetadataMap(),
				message.getReplica(), message.getSequence(), message.getCluster());
	}

}
