package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What plugins want in the answer, when it is not the keyserver that gives it.
 */
class AnswerChangesTests {

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final PluginChain plugins = new PluginChain(() -> List.copyOf(this.chain), Duration.ofSeconds(1),
			Duration.ofSeconds(1), (request, outcome) -> {
			}, () -> 0);

	@Test
	void aLaterPluginsAnswerHasWhatEarlierOnesAdded() {
		add("a", new HeaderMutation.Set("X-Frame-Options", "DENY"));
		add("b", new HeaderMutation.Append("X-RateLimit-Left", "3"));
		answer("c", Headers.of("Retry-After", "9"));
		assertThat(decide().head().headers())
			.isEqualTo(Headers.of("Retry-After", "9", "X-Frame-Options", "DENY", "X-RateLimit-Left", "3"));
		assertThat(decide().trace().changes()).extracting(Change::toString)
			.containsExactly("a:response/x-frame-options", "b:response/x-ratelimit-left");
	}

	@Test
	void whatTheAnswerSaysItselfStaysAndThatIsVisible() {
		add("a", new HeaderMutation.Set("cache-control", "public, max-age=3600"),
				new HeaderMutation.Append("Vary", "a"), new HeaderMutation.Remove("retry-after"),
				new HeaderMutation.Remove("X-None"));
		answer("b", Headers.of("Cache-Control", "no-store", "Vary", "b", "Retry-After", "9"));
		assertThat(decide().head().headers())
			.isEqualTo(Headers.of("Cache-Control", "no-store", "Vary", "b", "Retry-After", "9", "Vary", "a"));
		assertThat(decide().trace().changes()).extracting(Change::toString)
			.containsExactly("a:response/cache-control", "a:response/vary", "a:response/retry-after",
					"a:response/x-none", "b:response/cache-control>a", "b:response/retry-after>a");
	}

	@Test
	void noPluginBeforeMakesADenialCacheable() {
		add("a", new HeaderMutation.Set("Cache-Control", "public, max-age=3600"), new HeaderMutation.Set("X-A", "1"));
		answer("b", Headers.of("X-B", "1"));
		assertThat(decide().head().headers()).isEqualTo(Headers.of("X-B", "1", "X-A", "1"));
	}

	@Test
	void soHaveTheAnswersThatTheGatewayGivesForAPluginThatFailed() {
		add("a", new HeaderMutation.Set("X-Frame-Options", "DENY"),
				new HeaderMutation.Set("Content-Type", "text/html"));
		this.chain.add(new Filled(TestSpec.named("b").build(),
				(event, budget) -> Mono.error(new PluginFailure.Unavailable(new PluginId("b"), "gone"))));
		Headers expected = Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store",
				"X-Frame-Options", "DENY");
		assertThat(decide().head()).isEqualTo(new ResponseHead(500, expected));
		this.chain.remove(1);
		this.chain.add(new Filled(TestSpec.named("b").build(),
				(event, budget) -> Mono.error(new PluginFailure.TooLarge(new PluginId("b"), "large"))));
		assertThat(decide().head()).isEqualTo(new ResponseHead(413, expected));
	}

	@Test
	void whatTheAnswerMayNotHaveIsDroppedFromIt() {
		add("a", new HeaderMutation.Set("X-A", "1"));
		answer("b", Headers.of("Content-Length", "7", "Connection", "X-Hop", "X-Hop", "1", "X-B", "1"));
		assertThat(decide().head().headers()).isEqualTo(Headers.of("X-B", "1", "X-A", "1"));
	}

	private void add(String name, HeaderMutation... changes) {
		this.chain.add(new Filled(TestSpec.named(name).build(),
				(event, budget) -> Mono.just(new Decision.Continue(List.of(), List.of(changes), Map.of(), ""))));
	}

	private void answer(String name, Headers headers) {
		this.chain.add(new Filled(TestSpec.named(name).build(), (event, budget) -> Mono
			.just(new Decision.Respond(new ResponseHead(429, headers), Requests.bytes("no"), Map.of(), ""))));
	}

	private ChainResult.Answer decide() {
		return (ChainResult.Answer) this.plugins.start(Requests.get("/")).decide(RequestBody.ABSENT).block();
	}

}
