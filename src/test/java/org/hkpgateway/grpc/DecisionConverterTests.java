package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

import com.google.protobuf.ByteString;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.proto.BodyReplacement;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderMutation.Action;
import org.hkpgateway.proto.RequestRewrite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class DecisionConverterTests {

	@Test
	void plainContinue() {
		assertThat(DecisionConverter.toDecision(proceed().build())).isSameAs(Decision.Continue.UNCHANGED);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 200, 403, 999 })
	void statusAndBodyOfContinueMeanNothing(int status) {
		HandleResponse answer = proceed().setStatusCode(status).setBody(ByteString.copyFromUtf8("ignored")).build();
		assertThat(DecisionConverter.toDecision(answer)).isEqualTo(Decision.Continue.UNCHANGED);
	}

	@Test
	void continueWithEverything() {
		Decision decision = DecisionConverter.toDecision(proceed().putHeaders("X-RateLimit-Remaining", "7")
			.addRequestHeaders(mutation(Action.SET, "X-Score", "0.5"))
			.addRequestHeaders(mutation(Action.APPEND, "X-Tag", "caf\u00e9"))
			.addRequestHeaders(mutation(Action.REMOVE, "X-Secret", ""))
			.addResponseHeaders(mutation(Action.SET, "Cache-Control", "no-store"))
			.putAnnotations("score", "0.5")
			.setReason("looks fine\nERROR forged")
			.build());
		assertThat(decision).isInstanceOfSatisfying(Decision.Continue.class, (next) -> {
			assertThat(next.requestHeaders()).containsExactly(new HeaderMutation.Set("X-Score", "0.5"),
					new HeaderMutation.Append("X-Tag", "café"), new HeaderMutation.Remove("X-Secret"));
			assertThat(next.responseHeaders()).containsExactly(new HeaderMutation.Append("X-RateLimit-Remaining", "7"),
					new HeaderMutation.Set("Cache-Control", "no-store"));
			assertThat(next.annotations()).isEqualTo(Map.of("score", "0.5"));
			assertThat(next.reason()).isEqualTo("looks fine ERROR forged");
		});
	}

	@Test
	void respondWithEverything() {
		Decision decision = DecisionConverter.toDecision(respond(429).putHeaders("Retry-After", "7")
			.addResponseHeaders(mutation(Action.APPEND, "Set-Cookie", "a=1"))
			.addResponseHeaders(mutation(Action.APPEND, "Set-Cookie", "b=2"))
			.addRequestHeaders(mutation(Action.SET, "X-Unused", "1"))
			.setBody(ByteString.copyFromUtf8("slow down"))
			.putAnnotations("limit", "100")
			.setReason("too many")
			.build());
		assertThat(decision).isInstanceOfSatisfying(Decision.Respond.class, (respond) -> {
			assertThat(respond.head().status()).isEqualTo(429);
			assertThat(respond.head().headers())
				.isEqualTo(Headers.of("Retry-After", "7", "Set-Cookie", "a=1", "Set-Cookie", "b=2"));
			assertThat(text(respond.body())).isEqualTo("slow down");
			assertThat(respond.annotations()).isEqualTo(Map.of("limit", "100"));
			assertThat(respond.reason()).isEqualTo("too many");
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 204, 304, 502, 599 })
	void statusesThatRespond(int status) {
		Decision decision = DecisionConverter
			.toDecision(respond(status).setBody(ByteString.copyFromUtf8("body")).build());
		assertThat(decision).isInstanceOfSatisfying(Decision.Respond.class, (respond) -> {
			assertThat(respond.head().status()).isEqualTo(status);
			assertThat(text(respond.body())).isEqualTo("body");
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { Integer.MIN_VALUE, -1, 0, 99, 100, 199, 600, 999, Integer.MAX_VALUE })
	void statusesThatAreErrors(int status) {
		assertThatIllegalArgumentException().isThrownBy(() -> DecisionConverter.toDecision(respond(status).build()))
			.withMessage("expected: continue_chain or a status from 200 to 599, got: status " + status);
	}

	@Test
	void allDefaultMessageIsAnError() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> DecisionConverter.toDecision(HandleResponse.getDefaultInstance()));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "X Y", "X:Y", "X\r\nY", "Ä", ":path" })
	void invalidHeaderNames(String name) {
		invalid(proceed().putHeaders(name, "v"));
		invalid(respond(403).putHeaders(name, "v"));
		invalid(proceed().addRequestHeaders(mutation(Action.SET, name, "v")));
		invalid(proceed().addRequestHeaders(mutation(Action.REMOVE, name, "v")));
		invalid(respond(403).addResponseHeaders(mutation(Action.APPEND, name, "v")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\r\nSet-Cookie: x", "a\nb", "a\u0000b", "\u0001" })
	void invalidHeaderValues(String value) {
		invalid(proceed().putHeaders("X-A", value));
		invalid(respond(403).putHeaders("X-A", value));
		invalid(proceed().addRequestHeaders(mutation(Action.SET, "X-A", value)));
		invalid(respond(403).addRequestHeaders(mutation(Action.SET, "X-A", value)));
		invalid(proceed().addResponseHeaders(mutation(Action.APPEND, "X-A", value)));
	}

	@Test
	void charactersBeyondLatin1InTheMapAreInvalid() {
		invalid(respond(403).putHeaders("X-A", "€"));
	}

	@Test
	void mutationWithoutAction() {
		invalid(proceed().addRequestHeaders(mutation(Action.ACTION_UNSPECIFIED, "X-A", "v")));
		invalid(proceed().addRequestHeaders(mutation(Action.SET, "X-A", "v").toBuilder().setActionValue(9)));
	}

	@Test
	void rewriteBodyAndDelay() {
		Decision.Continue decision = (Decision.Continue) DecisionConverter.toDecision(proceed()
			.setRewrite(RequestRewrite.newBuilder().setPath("/pks/lookup").setQuery("op=get").setReplaceQuery(true))
			.setBodyReplacement(
					BodyReplacement.newBuilder().setBody(ByteString.copyFromUtf8("clean")).setContentType("text/x"))
			.setDelayMs(1500)
			.build());
		assertThat(decision.rewrite()).isEqualTo(new TargetRewrite("/pks/lookup", "op=get"));
		assertThat(decision.body()).isNotNull();
		assertThat(text(decision.body().bytes())).isEqualTo("clean");
		assertThat(decision.body().contentType()).isEqualTo("text/x");
		assertThat(decision.delay()).isEqualTo(Duration.ofMillis(1500));
		assertThat(DecisionConverter.toDecision(respond(403).setDelayMs(-1).build()).delay())
			.isEqualTo(Duration.ofMillis(0xffff_ffffL));
	}

	@Test
	void aRewriteOfNothingIsNone() {
		assertThat(DecisionConverter
			.toDecision(proceed().setRewrite(RequestRewrite.newBuilder().setQuery("ignored")).build()))
			.isSameAs(Decision.Continue.UNCHANGED);
		Decision.Continue emptied = (Decision.Continue) DecisionConverter
			.toDecision(proceed().setRewrite(RequestRewrite.newBuilder().setReplaceQuery(true)).build());
		assertThat(emptied.rewrite()).isEqualTo(new TargetRewrite(null, ""));
		Decision.Continue body = (Decision.Continue) DecisionConverter
			.toDecision(proceed().setBodyReplacement(BodyReplacement.getDefaultInstance()).build());
		assertThat(body.body()).isNotNull();
		assertThat(body.body().contentType()).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "pks/add", "/a?b", "/a b", "/a#b", "/a\r\nX: y", "/\u00e4", "http://other/" })
	void invalidPaths(String path) {
		invalid(proceed().setRewrite(RequestRewrite.newBuilder().setPath(path)));
		invalid(respond(403).setRewrite(RequestRewrite.newBuilder().setPath(path)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "a b", "a#b", "a\nb", "\u20ac" })
	void invalidQueries(String query) {
		invalid(proceed().setRewrite(RequestRewrite.newBuilder().setQuery(query).setReplaceQuery(true)));
	}

	@Test
	void rewritesAndContentTypesAreBounded() {
		invalid(proceed().setRewrite(RequestRewrite.newBuilder().setPath("/" + "x".repeat(8 * 1024))));
		invalid(proceed().setBodyReplacement(BodyReplacement.newBuilder().setContentType("x".repeat(257))));
		invalid(proceed().setBodyReplacement(BodyReplacement.newBuilder().setContentType("a\r\nb")));
	}

	@Test
	void atMost64HeaderChanges() {
		HandleResponse.Builder answer = proceed();
		for (int i = 0; i < 32; i++) {
			answer.putHeaders("X-" + i, "v");
			answer.addRequestHeaders(mutation(Action.SET, "X-" + i, "v"));
		}
		assertThat(DecisionConverter.toDecision(answer.build())).isInstanceOf(Decision.Continue.class);
		answer.addResponseHeaders(mutation(Action.SET, "X-Last", "v"));
		assertThatIllegalArgumentException().isThrownBy(() -> DecisionConverter.toDecision(answer.build()))
			.withMessage("header changes: expected: at most 64, got: 65");
	}

	@Test
	void atMost64KibOfHeaders() {
		String half = "v".repeat(32 * 1024 - 3);
		HandleResponse.Builder answer = respond(403).putHeaders("X-A", half)
			.addResponseHeaders(mutation(Action.SET, "X-B", half));
		assertThat(DecisionConverter.toDecision(answer.build())).isInstanceOf(Decision.Respond.class);
		invalid(answer.putHeaders("X-A", half + "v"));
	}

	@Test
	void annotationsAreBounded() {
		HandleResponse.Builder answer = proceed();
		for (int i = 0; i < 32; i++) {
			answer.putAnnotations("k" + i, "v");
		}
		assertThat(DecisionConverter.toDecision(answer.build()).annotations()).hasSize(32);
		invalid(answer.clone().putAnnotations("one-more", "v"));
		invalid(answer.clone().putAnnotations("k1", "v".repeat(8 * 1024)));
	}

	@Test
	void reasonIsCut() {
		Decision decision = DecisionConverter.toDecision(respond(403).setReason("é".repeat(5000)).build());
		assertThat(decision.reason()).isEqualTo("é".repeat(512));
	}

	private static HandleResponse.Builder proceed() {
		return HandleResponse.newBuilder().setContinueChain(true);
	}

	private static HandleResponse.Builder respond(int status) {
		return HandleResponse.newBuilder().setStatusCode(status);
	}

	private static void invalid(HandleResponse.Builder answer) {
		assertThatIllegalArgumentException().isThrownBy(() -> DecisionConverter.toDecision(answer.build()));
	}

	private static org.hkpgateway.proto.HeaderMutation mutation(Action action, String name, String value) {
		return org.hkpgateway.proto.HeaderMutation.newBuilder()
			.setAction(action)
			.setName(name)
			.setValue(ByteString.copyFrom(value, StandardCharsets.ISO_8859_1))
			.build();
	}

	private static String text(ByteBuffer body) {
		return StandardCharsets.UTF_8.decode(body.duplicate()).toString();
	}

}
