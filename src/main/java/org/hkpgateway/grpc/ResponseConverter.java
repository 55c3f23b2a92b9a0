package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;

import com.google.protobuf.ByteString;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;

/**
 * Converts the messages of the response phase.
 */
final class ResponseConverter {

	private ResponseConverter() {
	}

	/**
	 * Makes the message of an answer.
	 * @param event the answer
	 * @param terms of the call; at least 1 ms is sent, for 0 would mean: not stated
	 * @return the message
	 */
	static UpstreamResponseEvent toMessage(ResponseEvent event, CallTerms terms) {
		RequestEvent request = event.request();
		UpstreamResponseEvent.Builder message = UpstreamResponseEvent.newBuilder()
			.setRequestId(request.id())
			.setStatusCode(event.status())
			.putAllAnnotations(request.annotations())
			.setDeadlineMs(Math.max(1, terms.millisLeft()))
			.setTraceparent(terms.traceparent())
			.setUpstreamMs(event.upstream().toMillis());
		for (HeaderField field : event.headers()) {
			message.addHeaderFieldsBuilder().setName(field.name()).setValue(bytes(field.value()));
		}
		if (event.requestShown()) {
			message.setMethod(request.head().method())
				.setRawTarget(bytes(request.head().target()))
				.setRemoteAddr(ClientAddress.withPort(request.client()));
			if (request.hkp() != null) {
				message.setHkp(HkpConverter.toMessage(request.hkp()));
			}
		}
		return message.build();
	}

	/**
	 * Reads a decision. One that says nothing is valid: nothing is to be changed.
	 * @param answer the plugin's
	 * @return the decision
	 * @throws IllegalArgumentException if it breaks the protocol; the message says how
	 */
	static ResponseDecision toDecision(UpstreamResponseDecision answer) {
		DecisionLimits.check(answer);
		String reason = BoundedText.oneLine(answer.getReason(), DecisionLimits.MAX_REASON_BYTES);
		if (answer.getResponseHeadersCount() + answer.getAnnotationsCount() == 0 && reason.isEmpty()) {
			return ResponseDecision.UNCHANGED;
		}
		return new ResponseDecision(DecisionConverter.mutations(answer.getResponseHeadersList()),
				answer.getAnnotationsMap(), reason);
	}

	private static ByteString bytes(String latin1) {
		return ByteString.copyFrom(latin1, StandardCharsets.ISO_8859_1);
	}

}
