package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Answers of plugins that are not passed on as they are, or should not have been given:
 * what operators are told of them.
 */
@ExtendWith(OutputCaptureExtension.class)
class DoubtfulAnswersTests implements ChainListener {

	private final List<String> replaced = new ArrayList<>();

	private Decision decision = Requests.respond(403);

	private final PluginRegistry.Entry plugin = new Filled(TestSpec.named("a").build(),
			(event, budget) -> Mono.just(this.decision));

	private final PluginChain chain = new PluginChain(() -> List.of(this.plugin), Duration.ofSeconds(1),
			Duration.ofSeconds(1), this, System::nanoTime);

	@ParameterizedTest
	@ValueSource(ints = { 502, 503, 504 })
	void aStatusThatNoClientMayGetIsCountedAndWarnedAbout(int status, CapturedOutput log) {
		this.decision = Requests.respond(status);
		assertThat(answer(this.chain, Requests.get("/")).head().status()).isEqualTo(500);
		assertThat(this.replaced).containsExactly("a " + status);
		assertThat(log).contains("Plugin a answered " + status + ", which makes gpg give up or repeat; "
				+ "the client gets 500 [request id]");
	}

	@ParameterizedTest
	@CsvSource({ "200, /pks/add", "202, /pks/add", "200, /pks/replace", "200, /pks/delete", "200, /pks/v2/certs" })
	void aSubmissionThatIsAnsweredAsIfItHadSucceededIsWarnedAbout(int status, String target, CapturedOutput log) {
		this.decision = Requests.respond(status);
		assertThat(answer(this.chain, Requests.post(target)).head().status()).isEqualTo(status);
		assertThat(log)
			.contains("Plugin a answered a submission with " + status + ", which the client takes for success");
		assertThat(this.replaced).isEmpty();
	}

	@Test
	void headersThatAreTheGatewaysAreDroppedWithAWarning(CapturedOutput log) {
		this.decision = respond(403,
				Headers.of("Content-Length", "9", "X-Ok", "1", "Connection", "X-Hop", "X-Hop", "1"));
		assertThat(answer(this.chain, Requests.get("/")).head().headers()).isEqualTo(Headers.of("X-Ok", "1"));
		assertThat(log)
			.contains("Plugin a set Connection, Content-Length, X-Hop, which are the gateway's to set; dropped");
	}

	@ParameterizedTest
	@ValueSource(ints = { 204, 304 })
	void aBodyThatTheStatusForbidsIsDroppedWithAWarning(int status, CapturedOutput log) {
		this.decision = Requests.respond(status);
		assertThat(answer(this.chain, Requests.get("/")).body().hasRemaining()).isFalse();
		assertThat(log).contains("Plugin a answered " + status + " with a body, which is dropped");
	}

	@Test
	void aSoundDenialIsNotWarnedAbout(CapturedOutput log) {
		assertThat(answer(this.chain, Requests.post("/pks/add")).head().status()).isEqualTo(403);
		assertThat(log).doesNotContain("Plugin a");
		assertThat(this.replaced).isEmpty();
	}

	@Test
	void ofARehearsalNobodyHearsAndTheNextRealAnswerIsWarnedAbout(CapturedOutput log) {
		this.decision = Requests.respond(502);
		PluginChain rehearsal = this.chain
			.rehearsal((entry, shown, left) -> Mono.just(new Reply.Decided<>(this.decision)));
		assertThat(answer(rehearsal, Requests.get("/")).head().status()).isEqualTo(500);
		assertThat(log).doesNotContain("Plugin a");
		assertThat(this.replaced).isEmpty();
		answer(this.chain, Requests.get("/"));
		assertThat(log).contains("Plugin a answered 502");
	}

	@Test
	void anUnexpectedErrorIsWrittenWithItsRequest(CapturedOutput log) {
		PluginRegistry.Entry broken = new Filled(TestSpec.named("a").build(),
				(event, budget) -> Mono.error(new IllegalStateException("a bug")));
		PluginChain chain = new PluginChain(() -> List.of(broken), Duration.ofSeconds(1), Duration.ofSeconds(1), this,
				System::nanoTime);
		assertThat(answer(chain, Requests.get("/")).head().status()).isEqualTo(500);
		assertThat(log).contains(
				"Unexpected error while asking plugin a; it counts as the plugin's failure [request id]",
				"IllegalStateException: a bug");
	}

	private static Decision respond(int status, Headers headers) {
		return new Decision.Respond(new ResponseHead(status, headers), Requests.bytes("no"), Map.of(), "");
	}

	private static ChainResult.Answer answer(PluginChain chain, RequestEvent request) {
		ChainResult result = chain.start(request).decide(RequestBody.ABSENT).block(Duration.ofSeconds(5));
		assertThat(result).isInstanceOf(ChainResult.Answer.class);
		return (ChainResult.Answer) result;
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
	}

	@Override
	public void replaced(PluginId plugin, int status) {
		this.replaced.add(plugin + " " + status);
	}

}
