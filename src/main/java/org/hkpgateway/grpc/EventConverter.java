package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import org.hkpgateway.http.ForwardedNames;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.HandleRequestEvent;

/**
 * Makes the message of a request, as the comments of {@code HandleRequestEvent} promise
 * it. One converter serves all plugins; safe for any thread.
 */
final class EventConverter {

	private final EventMemo memo = new EventMemo();

	/**
	 * Converts an event. Everything but the body, the deadline and the trace is converted
	 * and encoded once for all plugins that are shown this very event.
	 * @param event the event; its body is shared, not copied, and must stay valid until
	 * the call has ended
	 * @param id what is to stand in the answer; on a stream it differs from the event's
	 * @param deadlineMillis milliseconds left for the answer; at least 1 is sent, for 0
	 * would mean: not stated
	 * @param traceparent the trace that the call belongs to; empty for none
	 * @return the message
	 */
	EncodedEvent encode(RequestEvent event, String id, long deadlineMillis, String traceparent) {
		HandleRequestEvent.Builder own = HandleRequestEvent.newBuilder()
			.setRequestId(id)
			.setDeadlineMs(Math.max(1, deadlineMillis))
			.setTraceparent(traceparent);
		if (event.body().bytes().hasRemaining()) {
			own.setBody(UnsafeByteOperations.unsafeWrap(event.body().bytes()));
		}
		return new EncodedEvent(this.memo.get(event, EventConverter::shared), own.build());
	}

	private static ByteString shared(RequestEvent event) {
		HandleRequestEvent.Builder message = HandleRequestEvent.newBuilder()
			.setMethod(event.head().method())
			.setPath(event.path())
			.putAllHeaders(headers(event))
			.setRemoteAddr(ClientAddress.withPort(event.client()))
			.putAllQueryParams(event.query())
			.setRawTarget(bytes(event.head().target()))
			.setTls(event.tls())
			.setDryRun(event.dryRun())
			.setBodyState(bodyState(event.body().state()))
			.setBodyLength(event.body().length())
			.putAllAnnotations(event.annotations());
		for (HeaderField field : event.head().headers()) {
			if (!ForwardedNames.contains(field.name())) {
				message.addHeaderFieldsBuilder().setName(field.name()).setValue(bytes(field.value()));
			}
		}
		if (event.hkp() != null) {
			message.setHkp(HkpConverter.toMessage(event.hkp()));
		}
		return message.build().toByteString();
	}

	private static Map<String, String> headers(RequestEvent event) {
		// Builders only for repeated names: many repetitions must not cost a copy each.
		Map<String, CharSequence> joined = new LinkedHashMap<>();
		for (HeaderField field : event.head().headers()) {
			String name = GoHeaderName.canonical(field.name());
			CharSequence before = joined.get(name);
			if (before == null) {
				joined.put(name, field.value());
				continue;
			}
			StringBuilder values = (before instanceof StringBuilder builder) ? builder : new StringBuilder(before);
			values.append(name.equals("Cookie") ? "; " : ", ").append(field.value());
			joined.put(name, values);
		}
		Map<String, String> headers = new LinkedHashMap<>();
		joined.forEach((name, value) -> {
			// The edge removes these; a plugin's idea of the client must not hang on
			// that.
			if (!ForwardedNames.contains(name)) {
				headers.put(name, value.toString());
			}
		});
		String client = ClientAddress.bare(event.client());
		headers.put("X-Forwarded-For", client);
		headers.put("X-Real-Ip", client);
		return headers;
	}

	private static ByteString bytes(String latin1) {
		return ByteString.copyFrom(latin1, StandardCharsets.ISO_8859_1);
	}

	private static BodyState bodyState(RequestBody.State state) {
		return switch (state) {
			case ABSENT -> BodyState.BODY_ABSENT;
			case COMPLETE -> BodyState.BODY_COMPLETE;
			case PREFIX -> BodyState.BODY_PREFIX;
			case WITHHELD -> BodyState.BODY_WITHHELD;
		};
	}

}
