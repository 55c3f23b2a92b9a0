package org.hkpgateway.resilience;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.http.ReservedHeaders;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.TargetRewrite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class GrantsTests {

	private static final HeaderMutation HARMLESS = new HeaderMutation.Set("X-Score", "1");

	private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);

	@Test
	void continueNeedsNothing() {
		assertThat(Grants.violation(Set.of(), Decision.Continue.UNCHANGED)).isEmpty();
		assertThat(Grants.violation(Set.of(), new Decision.Continue(List.of(), List.of(), Map.of("a", "b"), "why")))
			.isEmpty();
	}

	@Test
	void requestHeadersNeedModify() {
		Decision decision = new Decision.Continue(List.of(HARMLESS), List.of(), Map.of(), "");
		assertThat(Grants.violation(EnumSet.of(Capability.HTTP_REQUEST_MODIFY), decision)).isEmpty();
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_REQUEST_MODIFY)), decision))
			.contains("changed request headers without the grant http.request.modify");
	}

	@Test
	void responseHeadersOfContinueNeedRespond() {
		Decision decision = new Decision.Continue(List.of(), List.of(HARMLESS), Map.of(), "");
		assertThat(Grants.violation(EnumSet.of(Capability.HTTP_RESPOND), decision)).isEmpty();
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_RESPOND)), decision))
			.contains("changed response headers without the grant http.respond");
	}

	@Test
	void rewriteNeedsRewriteAndABodyNeedsBodyToo() {
		Decision rewrite = new Decision.Continue(List.of(), new TargetRewrite("/x", null), null, List.of(), Map.of(),
				"", Duration.ZERO);
		Decision body = new Decision.Continue(List.of(), null,
				new BodyReplacement(ByteBuffer.allocate(0), "text/plain"), List.of(), Map.of(), "", Duration.ZERO);
		assertThat(Grants.violation(EnumSet.of(Capability.HTTP_REQUEST_REWRITE), rewrite)).isEmpty();
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_REQUEST_REWRITE)), rewrite))
			.contains("rewrote the request without the grant http.request.rewrite");
		assertThat(Grants.violation(EnumSet.of(Capability.HTTP_REQUEST_REWRITE, Capability.HTTP_REQUEST_BODY), body))
			.isEmpty();
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_REQUEST_REWRITE)), body))
			.contains("replaced the body without the grant http.request.rewrite");
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_REQUEST_BODY)), body))
			.contains("replaced the body without the grant http.request.body");
	}

	@Test
	void respondNeedsRespond() {
		Decision decision = new Decision.Respond(new ResponseHead(403, Headers.of("Content-Length", "7")),
				ByteBuffer.allocate(0), Map.of(), "");
		assertThat(Grants.violation(EnumSet.of(Capability.HTTP_RESPOND), decision)).isEmpty();
		assertThat(Grants.violation(EnumSet.complementOf(EnumSet.of(Capability.HTTP_RESPOND)), decision))
			.contains("answered the request without the grant http.respond");
	}

	@ParameterizedTest
	@ValueSource(strings = { "Host", "HOST", "content-length", "Transfer-Encoding", "TE", "Trailer", "Connection",
			"Keep-Alive", "Proxy-Authorization", "proxy-connection", "Proxy-Anything", "Upgrade", "Expect", "Forwarded",
			"X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Anything", "X-Real-IP", "Via", "traceparent",
			"X_Forwarded_For", "x-forwarded_for", "X_Real_IP", "Content_Length", "transfer_encoding",
			"Proxy_Anything" })
	void headersThatNoPluginMayWrite(String name) {
		for (HeaderMutation mutation : List.of(new HeaderMutation.Set(name, "v"), new HeaderMutation.Append(name, "v"),
				new HeaderMutation.Remove(name))) {
			assertThat(
					Grants.violation(ALL, new Decision.Continue(List.of(HARMLESS, mutation), List.of(), Map.of(), "")))
				.contains("changed the request header " + name + ", which no plugin may write");
			assertThat(Grants.violation(ALL, new Decision.Continue(List.of(), List.of(mutation), Map.of(), "")))
				.contains("changed the response header " + name + ", which no plugin may write");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "Authorization", "cookie", "Proxy-Authorization" })
	void whoMayNotSeeCredentialsMayNotWriteThem(String name) {
		Decision decision = new Decision.Continue(List.of(new HeaderMutation.Remove(name)), List.of(), Map.of(), "");
		assertThat(Grants.violation(Set.of(Capability.HTTP_REQUEST_MODIFY), decision)).isPresent();
		if (!ReservedHeaders.contains(name)) {
			assertThat(Grants.violation(Set.of(Capability.HTTP_REQUEST_MODIFY), decision))
				.contains("changed the request header " + name + " without the grant http.credentials");
			assertThat(Grants.violation(Set.of(Capability.HTTP_REQUEST_MODIFY, Capability.HTTP_CREDENTIALS), decision))
				.isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "Set-Cookie", "set-cookie" })
	void whoMayNotSeeCookiesThatAreSetMayNotSetThemEither(String name) {
		for (HeaderMutation mutation : List.of(new HeaderMutation.Set(name, "v"), new HeaderMutation.Append(name, "v"),
				new HeaderMutation.Remove(name))) {
			Decision early = new Decision.Continue(List.of(), List.of(HARMLESS, mutation), Map.of(), "");
			ResponseDecision late = new ResponseDecision(List.of(HARMLESS, mutation), Map.of(), "");
			Set<Capability> allButOne = EnumSet.complementOf(EnumSet.of(Capability.HTTP_CREDENTIALS));
			String refusal = "changed the response header " + name + " without the grant http.credentials";
			assertThat(Grants.violation(allButOne, early)).contains(refusal);
			assertThat(Grants.violation(allButOne, late)).contains(refusal);
			assertThat(Grants.violation(ALL, early)).isEmpty();
			assertThat(Grants.violation(ALL, late)).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "Hostname", "X-Forwarded", "X-Real-IP-2", "Proxy", "Content-Type", "Tea", "Cookie" })
	void headersThatAPluginMayWrite(String name) {
		assertThat(ReservedHeaders.contains(name)).isFalse();
	}

}
