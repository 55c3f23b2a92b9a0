package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.proto.HandleResponse;

/**
 * Reads an answer as the comments of {@code HandleResponse} define it: two shapes are
 * valid, anything else is an error. Nothing is repaired and nothing that the plugin asked
 * for is silently left out.
 */
final class DecisionConverter {

	private DecisionConverter() {
	}

	/**
	 * Converts an answer.
	 * @param answer the answer
	 * @return the decision
	 * @throws IllegalArgumentException if the answer breaks the protocol; the message
	 * says how
	 */
	static Decision toDecision(HandleResponse answer) {
		DecisionLimits.check(answer);
		refuseUnsupported(answer);
		List<HeaderMutation> requestHeaders = mutations(answer.getRequestHeadersList());
		List<HeaderMutation> responseHeaders = mutations(answer.getResponseHeadersList());
		String reason = BoundedText.oneLine(answer.getReason(), DecisionLimits.MAX_REASON_BYTES);
		if (answer.getContinueChain()) {
			return proceed(answer, requestHeaders, responseHeaders, reason);
		}
		int status = answer.getStatusCode();
		if (status < 200 || status > 599) {
			throw new IllegalArgumentException("expected: continue_chain or a status from 200 to 599, got: status "
					+ status + (reason.isEmpty() ? "" : ", reason: " + reason));
		}
		// Changes of a request that goes nowhere are checked and have no effect.
		Headers headers = fields(answer).apply(responseHeaders);
		return new Decision.Respond(new ResponseHead(status, headers), body(answer, status), answer.getAnnotationsMap(),
				reason);
	}

	private static Decision proceed(HandleResponse answer, List<HeaderMutation> requestHeaders,
			List<HeaderMutation> responseHeaders, String reason) {
		if (answer.getHeadersCount() + requestHeaders.size() + responseHeaders.size()
				+ answer.getAnnotationsCount() == 0 && reason.isEmpty()) {
			return Decision.Continue.UNCHANGED;
		}
		List<HeaderMutation> all = new ArrayList<>(answer.getHeadersCount() + responseHeaders.size());
		answer.getHeadersMap().forEach((name, value) -> all.add(new HeaderMutation.Append(name, value)));
		all.addAll(responseHeaders);
		return new Decision.Continue(requestHeaders, all, answer.getAnnotationsMap(), reason);
	}

	private static void refuseUnsupported(HandleResponse answer) {
		if (answer.hasRewrite()) {
			throw unsupported("rewrite");
		}
		if (answer.hasBodyReplacement()) {
			throw unsupported("body_replacement");
		}
		if (answer.getDelayMs() != 0) {
			throw unsupported("delay_ms");
		}
	}

	private static IllegalArgumentException unsupported(String field) {
		return new IllegalArgumentException(field + " is not supported by this version of the gateway");
	}

	private static Headers fields(HandleResponse answer) {
		List<HeaderField> fields = new ArrayList<>(answer.getHeadersCount());
		answer.getHeadersMap().forEach((name, value) -> fields.add(new HeaderField(name, value)));
		return Headers.of(fields);
	}

	private static ByteBuffer body(HandleResponse answer, int status) {
		// RFC 9110: 204 and 304 have no content. What frameworks put there by habit would
		// break the connection's framing.
		boolean noContent = (status == 204 || status == 304);
		return noContent ? ByteBuffer.allocate(0) : answer.getBody().asReadOnlyByteBuffer();
	}

	static List<HeaderMutation> mutations(List<org.hkpgateway.proto.HeaderMutation> messages) {
		if (messages.isEmpty()) {
			return List.of();
		}
		return messages.stream().map(DecisionConverter::mutation).toList();
	}

	private static HeaderMutation mutation(org.hkpgateway.proto.HeaderMutation message) {
		return switch (message.getAction()) {
			case SET -> new HeaderMutation.Set(message.getName(), value(message));
			case APPEND -> new HeaderMutation.Append(message.getName(), value(message));
			case REMOVE -> new HeaderMutation.Remove(message.getName());
			case ACTION_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalArgumentException(
					"header mutation: expected: SET, APPEND or REMOVE, got: " + message.getActionValue());
		};
	}

	private static String value(org.hkpgateway.proto.HeaderMutation message) {
		return message.getValue().toString(StandardCharsets.ISO_8859_1);
	}

}
