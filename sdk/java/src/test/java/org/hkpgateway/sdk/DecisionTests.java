package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Map;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderMutation;
import org.hkpgateway.proto.RequestRewrite;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for {@link Decision} and the message it becomes.
 */
class DecisionTests {

	@Test
	void allowGoesOn() {
		HandleResponse response = Conversions.response("r1", Decision.allow());
		assertThat(response).isEqualTo(HandleResponse.newBuilder().setRequestId("r1").setContinueChain(true).build());
	}

	@Test
	void allowWithEverything() {
		HandleResponse response = Conversions.response("r1",
				Decision.allow()
					.setRequestHeader("X-A", "1")
					.addRequestHeader("X-A", "ü")
					.removeRequestHeader("X-B")
					.addResponseHeader("X-R", "1")
					.addResponseHeader("x-r", "2")
					.annotate("k", "v")
					.delay(Duration.ofMillis(20))
					.reason("why"));
		assertThat(response.getRequestHeadersList()).extracting(HeaderMutation::getAction)
			.containsExactly(HeaderMutation.Action.SET, HeaderMutation.Action.APPEND, HeaderMutation.Action.REMOVE);
		assertThat(response.getRequestHeaders(1).getValue().toByteArray()).containsExactly(0xFC);
		assertThat(response.getHeadersMap()).containsExactlyEntriesOf(Map.of("X-R", "1"));
		assertThat(response.getResponseHeadersList()).singleElement()
			.satisfies((mutation) -> assertThat(mutation.getName()).isEqualTo("x-r"));
		assertThat(response.getAnnotationsMap()).containsEntry("k", "v");
		assertThat(response.getReason()).isEqualTo("why");
		assertThat(response.getDelayMs()).isEqualTo(20);
	}

	@Test
	void allowWithAnotherTargetAndBody() {
		byte[] bytes = { 1, 2 };
		Allow allow = Decision.allow().rewritePath("/pks/lookup").replaceBody("application/pgp", bytes);
		bytes[0] = 9;
		HandleResponse response = Conversions.response("r1", allow);
		assertThat(response.getRewrite()).isEqualTo(RequestRewrite.newBuilder().setPath("/pks/lookup").build());
		assertThat(response.getBodyReplacement().getBody().toByteArray()).containsExactly(1, 2);
		assertThat(response.getBodyReplacement().getContentType()).isEqualTo("application/pgp");
		assertThat(Conversions.response("r1", allow.rewriteQuery("a=%20b")).getRewrite()).isEqualTo(
				RequestRewrite.newBuilder().setPath("/pks/lookup").setQuery("a=%20b").setReplaceQuery(true).build());
		assertThat(Conversions.response("r1", Decision.allow().rewriteQuery("")).getRewrite())
			.isEqualTo(RequestRewrite.newBuilder().setReplaceQuery(true).build());
		assertThat(Conversions.response("r1", Decision.allow()).hasRewrite()).isFalse();
		assertThat(allow.rewriteQuery("x").rewrittenPath()).contains("/pks/lookup");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "pks", "/a?b", "/a b", "/ä", "/a#b", "/a\u0000" })
	void badPathsFailWhereTheyAreMade(String path) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().rewritePath(path));
	}

	@ParameterizedTest
	@ValueSource(strings = { "a b", "a=ä", "a#b", "a\n" })
	void badQueriesFailWhereTheyAreMade(String query) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().rewriteQuery(query))
			.withMessageStartingWith("query: expected: percent-encoded ASCII");
	}

	@Test
	void targetsAndTypesHaveABound() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> Decision.allow().rewritePath("/a").rewriteQuery("b".repeat(8191)))
			.withMessageContaining("got: 8193");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> Decision.allow().replaceBody("a".repeat(257), new byte[0]));
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().replaceBody("a\r\nb", new byte[0]));
	}

	@Test
	void delaysAreInMilliseconds() {
		assertThat(Conversions.response("r1", Decision.deny(429).delay(Duration.ofSeconds(2))).getDelayMs())
			.isEqualTo(2000);
		assertThat(Conversions.response("r1", Decision.allow().delay(Duration.ofDays(100))).getDelayMs())
			.isEqualTo(Integer.MAX_VALUE);
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().delay(Duration.ofMillis(-1)));
	}

	@ParameterizedTest
	@ValueSource(ints = { 204, 304 })
	void someStatusesHaveNoBody(int status) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.respond(status).text("x"));
	}

	@Test
	void denyAnswers() {
		HandleResponse response = Conversions.response("r1",
				Decision.deny(429).retryAfter(Duration.ofMillis(1001)).text("first").text("Too many."));
		assertThat(response.getContinueChain()).isFalse();
		assertThat(response.getStatusCode()).isEqualTo(429);
		assertThat(response.getHeadersMap()).containsEntry("Retry-After", "2")
			.containsEntry("Content-Type", "text/plain; charset=utf-8")
			.hasSize(2);
		assertThat(response.getBody().toStringUtf8()).isEqualTo("Too many.\n");
		assertThat(response.getResponseHeadersList()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "0,1", "1,1", "1000,1", "1001,2", "60000,60" })
	void retryAfterIsRoundedUp(long millis, String seconds) {
		Respond respond = Decision.deny(429).retryAfter(Duration.ofMillis(millis));
		assertThat(respond.notes().headers().first("retry-after")).contains(seconds);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 200, 399, 502, 503, 504, 600 })
	void denyRefusesHarmfulStatuses(int status) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.deny(status))
			.withMessageContaining("got: " + status);
	}

	@ParameterizedTest
	@ValueSource(ints = { 100, 199, 502, 600 })
	void respondRefusesThemToo(int status) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.respond(status));
	}

	@ParameterizedTest
	@CsvSource({ "'',x", "'a b',x", "'a:',x", "ä,x", "a,'x\r\ny'", "a,'x\0'", "a,€" })
	void badHeadersFailWhereTheyAreMade(String name, String value) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().setRequestHeader(name, value));
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.deny(403).addResponseHeader(name, value));
	}

	@ParameterizedTest
	@ValueSource(strings = { "Host", "content-length", "Content_Length", "Transfer-Encoding", "Connection", "Via", "TE",
			"Traceparent", "Proxy-Authorization", "X-Forwarded-For", "x_forwarded_proto", "X-Real-IP", "Forwarded" })
	void headersOfTheGatewayFailWhereTheyAreMade(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().setRequestHeader(name, "x"))
			.withMessageContaining("got: '" + name + "', which only the gateway does");
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().removeRequestHeader(name));
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.deny(403).addResponseHeader(name, "x"));
		assertThatIllegalArgumentException().isThrownBy(() -> ResponseDecision.unchanged().setHeader(name, "x"));
	}

	@Test
	void annotationsHaveABound() {
		Decision full = Decision.allow();
		for (int i = 0; i < 32; i++) {
			full = full.annotate("k" + i, "v");
		}
		Decision decision = full.annotate("k0", "another value of the same");
		assertThatIllegalArgumentException().isThrownBy(() -> decision.annotate("k32", "v"))
			.withMessage("annotations: expected: at most 32, got: 33");
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.deny(403).annotate("k", "v".repeat(8192)))
			.withMessage("annotations: expected: at most 8192 characters, got: 8193 characters");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> ResponseDecision.unchanged().annotate("k", "v".repeat(8192)))
			.withMessage("annotations: expected: at most 8192 characters, got: 8193 characters");
	}

	@Test
	void annotationsHaveAKey() {
		assertThatIllegalArgumentException().isThrownBy(() -> Decision.allow().annotate("", "v"))
			.withMessage("annotation: expected: a key, got: none");
		assertThatIllegalArgumentException().isThrownBy(() -> ResponseDecision.unchanged().annotate("", "v"));
	}

	/** Those of request and response count together, as in the gateway. */
	@Test
	void changesOfHeadersHaveABound() {
		Allow half = Decision.allow();
		ResponseDecision all = ResponseDecision.unchanged();
		for (int i = 0; i < 32; i++) {
			half = half.addRequestHeader("X-A", "v").setResponseHeader("X-B", "v");
			all = all.addHeader("X-A", "v").removeHeader("X-B");
		}
		Allow full = half;
		assertThat(Conversions.response("r1", full).getResponseHeadersCount()).isEqualTo(32);
		assertTooMuch("at most 64, got: 65", () -> full.addRequestHeader("X-A", "v"));
		assertTooMuch("at most 64, got: 65", () -> full.removeRequestHeader("X-A"));
		assertTooMuch("at most 64, got: 65", () -> full.addResponseHeader("X-B", "v"));
		assertTooMuch("at most 64, got: 65", () -> full.removeResponseHeader("X-B"));
		ResponseDecision fullResponse = all;
		assertTooMuch("at most 64, got: 65", () -> fullResponse.setHeader("X-A", "v"));
		Respond answer = Decision.deny(403);
		for (int i = 0; i < 64; i++) {
			answer = answer.addResponseHeader("X-A", "v");
		}
		Respond fullAnswer = answer;
		assertTooMuch("at most 64, got: 65", () -> fullAnswer.text("x"));
	}

	@Test
	void headersHaveABoundInBytes() {
		String half = "v".repeat(32 * 1024 - 1);
		Allow full = Decision.allow().addRequestHeader("A", half).addResponseHeader("B", half);
		String words = "at most 65536 bytes, got: 65539 bytes";
		assertTooMuch(words, () -> full.addRequestHeader("AB", "v"));
		assertTooMuch(words, () -> full.setResponseHeader("AB", "v"));
		assertTooMuch(words, () -> Decision.deny(403).addResponseHeader("A", half).addResponseHeader("ABCD", half));
		assertTooMuch(words, () -> ResponseDecision.unchanged().addHeader("A", half).addHeader("ABCD", half));
	}

	private static void assertTooMuch(String words, ThrowingCallable change) {
		assertThatIllegalArgumentException().isThrownBy(change).withMessage("header changes: expected: " + words);
	}

	@Test
	void headersOfTheAnswerAreSetAndRemoved() {
		Allow allow = Decision.allow()
			.addResponseHeader("X-A", "1")
			.setResponseHeader("X-B", "2")
			.addResponseHeader("x-b", "3")
			.removeResponseHeader("X-C");
		HandleResponse response = Conversions.response("r1", allow);
		assertThat(response.getHeadersMap()).containsExactlyEntriesOf(Map.of("X-A", "1"));
		assertThat(response.getResponseHeadersList()).extracting(HeaderMutation::getAction, HeaderMutation::getName)
			.containsExactly(tuple(HeaderMutation.Action.SET, "X-B"), tuple(HeaderMutation.Action.APPEND, "x-b"),
					tuple(HeaderMutation.Action.REMOVE, "X-C"));
		assertThat(allow.notes().headers().all("X-B")).containsExactly("2", "3");
		assertThat(allow.setResponseHeader("x-B", "4").removeResponseHeader("X-A").notes().responseHeaders())
			.containsExactly(new Headers.Field("x-B", "4"));
		HandleResponse own = Conversions.response("r1",
				Decision.deny(403).addResponseHeader("X-A", "1").setResponseHeader("x-a", "2"));
		assertThat(own.getHeadersMap()).containsExactlyEntriesOf(Map.of("x-a", "2"));
		assertThat(own.getResponseHeadersList()).isEmpty();
	}

	@Test
	void aDecisionAboutAResponse() {
		UpstreamResponseDecision message = Conversions.responseDecision("r1",
				ResponseDecision.unchanged()
					.setHeader("X-A", "1")
					.addHeader("X-A", "ü")
					.removeHeader("X-B")
					.annotate("k", "v")
					.reason("why"));
		assertThat(message.getRequestId()).isEqualTo("r1");
		assertThat(message.getResponseHeadersList()).extracting(HeaderMutation::getAction)
			.containsExactly(HeaderMutation.Action.SET, HeaderMutation.Action.APPEND, HeaderMutation.Action.REMOVE);
		assertThat(message.getResponseHeaders(1).getValue().toByteArray()).containsExactly(0xFC);
		assertThat(message.getAnnotationsMap()).containsExactlyEntriesOf(Map.of("k", "v"));
		assertThat(message.getReason()).isEqualTo("why");
		assertThat(Conversions.responseDecision("r1", ResponseDecision.unchanged()))
			.isEqualTo(UpstreamResponseDecision.newBuilder().setRequestId("r1").build());
	}

	@Test
	void decisionsAreImmutable() {
		Allow allow = Decision.allow();
		allow.annotate("a", "b").setRequestHeader("X", "y").reason("r");
		assertThat(allow.notes()).isEqualTo(Notes.NONE);
		assertThat(allow.requestHeaders()).isEmpty();
	}

}
