package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.RequestRewrite;
import org.jspecify.annotations.Nullable;

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
		List<HeaderMutation> requestHeaders = mutations(answer.getRequestHeadersList());
		List<HeaderMutation> responseHeaders = mutations(answer.getResponseHeadersList());
		TargetRewrite rewrite = rewrite(answer);
		BodyReplacement body = body(answer);
		String reason = BoundedText.oneLine(answer.getReason(), DecisionLimits.MAX_REASON_BYTES);
		Duration delay = (answer.getDelayMs() == 0) ? Duration.ZERO
				: Duration.ofMillis(Integer.toUnsignedLong(answer.getDelayMs()));
		if (answer.getContinueChain()) {
			if (rewrite == null && body == null && delay.isZero() && isPlain(answer, reason)) {
				return Decision.Continue.UNCHANGED;
			}
			return new Decision.Continue(requestHeaders, rewrite, body, withMap(answer, responseHeaders),
					answer.getAnnotationsMap(), reason, delay);
		}
		int status = answer.getStatusCode();
		if (status < 200 || status > 599) {
			throw new IllegalArgumentException("expected: continue_chain or a status from 200 to 599, got: status "
					+ status + (reason.isEmpty() ? "" : ", reason: " + reason));
		}
		// Changes of a request that goes nowhere are checked and have no effect.
		Headers headers = fields(answer).apply(responseHeaders);
		return new Decision.Respond(new ResponseHead(status, headers), answer.getBody().asReadOnlyByteBuffer(),
				answer.getAnnotationsMap(), reason, delay);
	}

	private static boolean isPlain(HandleResponse answer, String reason) {
		return reason.isEmpty() && answer.getHeadersCount() + answer.getRequestHeadersCount()
				+ answer.getResponseHeadersCount() + answer.getAnnotationsCount() == 0;
	}

	private static List<HeaderMutation> withMap(HandleResponse answer, List<HeaderMutation> responseHeaders) {
		if (answer.getHeadersCount() == 0) {
			return responseHeaders;
		}
		List<HeaderMutation> all = new ArrayList<>(answer.getHeadersCount() + responseHeaders.size());
		answer.getHeadersMap().forEach((name, value) -> all.add(new HeaderMutation.Append(name, value)));
		all.addAll(responseHeaders);
		return all;
	}

	private static @Nullable TargetRewrite rewrite(HandleResponse answer) {
		if (!answer.hasRewrite()) {
			return null;
		}
		RequestRewrite rewrite = answer.getRewrite();
		String path = rewrite.getPath().isEmpty() ? null : rewrite.getPath();
		String query = rewrite.getReplaceQuery() ? rewrite.getQuery() : null;
		return (path != null || query != null) ? new TargetRewrite(path, query) : null;
	}

	private static @Nullable BodyReplacement body(HandleResponse answer) {
		if (!answer.hasBodyReplacement()) {
			return null;
		}
		String contentType = answer.getBodyReplacement().getContentType();
		return new BodyReplacement(answer.getBodyReplacement().getBody().asReadOnlyByteBuffer(),
				contentType.isEmpty() ? null : contentType);
	}

	private static Headers fields(HandleResponse answer) {
		List<HeaderField> fields = new ArrayList<>(answer.getHeadersCount());
		answer.getHeadersMap().forEach((name, value) -> fields.add(new HeaderField(name, value)));
		return Headers.of(fields);
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
