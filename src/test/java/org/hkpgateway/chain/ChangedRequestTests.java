package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.plugin.TestSpec;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests that plugins change.
 */
class ChangedRequestTests {

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	@Test
	void aRewrittenTargetIsUnderstoodAnew() {
		add("a", rewrite(null, "op=index&search=0x0123456789ABCDEF"));
		add("b", Decision.Continue.UNCHANGED);
		ChainResult.Forward forward = forward(Requests.get("/pks/lookup?op=get&search=alice"), RequestBody.ABSENT);
		RequestEvent shown = this.seen.get(1);
		assertThat(shown.head().target()).isEqualTo("/pks/lookup?op=index&search=0x0123456789ABCDEF");
		assertThat(shown.query()).isEqualTo(Map.of("op", "index", "search", "0x0123456789ABCDEF"));
		assertThat(shown.hkp()).isNotNull();
		assertThat(shown.hkp().operation()).isEqualTo(Operation.LOOKUP_INDEX);
		assertThat(shown.hkp().keyId()).isEqualTo("0123456789ABCDEF");
		assertThat(forward.request().head()).isEqualTo(shown.head());
		assertThat(forward.bodyReplaced()).isFalse();
	}

	@Test
	void aRewrittenPathKeepsTheQueryAndCanLeaveHkp() {
		add("a", rewrite("/status%20page", null));
		ChainResult.Forward forward = forward(Requests.get("/pks/lookup?op=get&search=alice"), RequestBody.ABSENT);
		assertThat(forward.request().head().target()).isEqualTo("/status%20page?op=get&search=alice");
		assertThat(forward.request().path()).isEqualTo("/status page");
		assertThat(forward.request().hkp()).isNull();
	}

	@Test
	void rulesAreAboutTheRequestAsItCame() {
		add("a", rewrite("/other", null));
		this.chain.add(entry(TestSpec.named("b").match(new MatchRules(Set.of(), Set.of("get"), List.of(), List.of())),
				Decision.Continue.UNCHANGED));
		RequestEvent came = Requests.get("/pks/lookup?op=get&search=alice");
		ChainResult.Forward forward = forward(came, RequestBody.ABSENT);
		assertThat(this.seen).hasSize(2);
		assertThat(forward.arrived()).isSameAs(came);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/pks//lookup", "/pks/../lookup", "/PKS/lookup", "/pks/%6cookup", "/pks/hashquery" })
	void aTargetThatTheGatewayRefusesFromClientsFailsThePlugin(String path) {
		add("a", new Decision.Continue(List.of(new HeaderMutation.Set("X-A", "1")), new TargetRewrite(path, null), null,
				List.of(new HeaderMutation.Set("X-B", "1")), Map.of("k", "v"), "", Duration.ofSeconds(1)));
		RequestEvent event = Requests.post("/pks/add");
		ChainResult.Forward forward = forward(event, RequestBody.ABSENT);
		assertThat(forward.outcomes().get(0).kind()).isEqualTo(PluginOutcome.Kind.FAILED_OPEN);
		assertThat(forward.outcomes().get(0).detail()).startsWith("protocol-error: ").contains("target: expected: ");
		// All or nothing.
		assertThat(forward.request().head()).isEqualTo(event.head());
		assertThat(forward.responseHeaders()).isEmpty();
		assertThat(forward.request().annotations()).isEqualTo(Map.of("a.failed", "protocol-error"));
		assertThat(forward.trace().changes()).isEmpty();
		assertThat(forward.trace().delay()).isNull();
	}

	@Test
	void aReplacedBodyIsSeenByLaterPluginsAndForwarded() {
		add("a", replace("clean", "text/plain"));
		add("b", Decision.Continue.UNCHANGED);
		ChainResult.Forward forward = forward(Requests.post("/pks/add"), Requests.body("dirty body"));
		assertThat(Requests.text(this.seen.get(1).body().bytes())).isEqualTo("clean");
		assertThat(this.seen.get(1).body().length()).isEqualTo(5);
		assertThat(this.seen.get(1).head().headers().first("content-type")).isEqualTo("text/plain");
		assertThat(forward.bodyReplaced()).isTrue();
		assertThat(Requests.text(forward.request().body().bytes())).isEqualTo("clean");
	}

	@Test
	void onlyABodyThatWasShownAsAWholeCanBeReplaced() {
		for (RequestBody body : List.of(RequestBody.ABSENT, RequestBody.withheld(7),
				new RequestBody(RequestBody.State.PREFIX, Requests.bytes("beg"), 7))) {
			this.chain.clear();
			add("a", replace("clean", null));
			ChainResult.Forward forward = forward(Requests.post("/pks/add"), body);
			assertThat(forward.bodyReplaced()).isFalse();
			assertThat(forward.outcomes().get(0).detail()).contains("expected: one of which the plugin was shown all");
		}
		this.chain.clear();
		this.chain.add(entry(TestSpec.named("a").fail(FailPolicy.OPEN).body(BodyMode.PREFIX, 3), replace("x", null)));
		assertThat(forward(Requests.post("/pks/add"), Requests.body("four")).bodyReplaced()).isFalse();
		this.chain.clear();
		this.chain.add(entry(TestSpec.named("a").fail(FailPolicy.OPEN).body(BodyMode.PREFIX, 4), replace("x", null)));
		assertThat(forward(Requests.post("/pks/add"), Requests.body("four")).bodyReplaced()).isTrue();
	}

	@Test
	void aBodyOverTheLimitAndThatOfAHashqueryAreNotReplaced() {
		add("a", replace("x".repeat(101), null));
		assertThat(forward(Requests.post("/pks/add"), Requests.body("b")).outcomes().get(0).detail())
			.contains("at most 100 bytes, got: 101 bytes");
		this.chain.clear();
		add("a", replace("x", null));
		assertThat(forward(Requests.post("/pks/hashquery"), Requests.body("b")).outcomes().get(0).detail())
			.contains("hashquery");
	}

	@Test
	void whoChangedWhatIsKnownAndWhoseChangeItReplaced() {
		add("a", new Decision.Continue(
				List.of(new HeaderMutation.Set("X-Score", "1"), new HeaderMutation.Append("X-Score", "2"),
						new HeaderMutation.Set("X-Tag", "t")),
				new TargetRewrite(null, "a=1"), null, List.of(new HeaderMutation.Append("X-Seen", "1")), Map.of(), "",
				Duration.ZERO));
		add("b", new Decision.Continue(
				List.of(new HeaderMutation.Append("x-tag", "u"), new HeaderMutation.Remove("x-score")),
				new TargetRewrite(null, "a=2"), new BodyReplacement(Requests.bytes("x"), "text/x"),
				List.of(new HeaderMutation.Set("x-seen", "2")), Map.of(), "", Duration.ZERO));
		assertThat(forward(Requests.post("/pks/add"), Requests.body("b")).trace().changes())
			.extracting(Change::toString)
			.containsExactly("a:target", "a:x-score", "a:x-tag", "a:response/x-seen", "b:target>a", "b:body",
					"b:content-type", "b:x-tag", "b:x-score>a", "b:response/x-seen>a");
	}

	@Test
	void whoAddsAndThenReplacesHasReplaced() {
		add("a", new Decision.Continue(List.of(new HeaderMutation.Set("X-Score", "1")), List.of(), Map.of(), ""));
		add("b", new Decision.Continue(
				List.of(new HeaderMutation.Append("X-Score", "2"), new HeaderMutation.Set("X-Score", "3")), List.of(),
				Map.of(), ""));
		assertThat(forward(Requests.get("/"), RequestBody.ABSENT).trace().changes()).extracting(Change::toString)
			.containsExactly("a:x-score", "b:x-score>a");
	}

	@Test
	void notesOfAllPluginsTogetherAreBounded() {
		for (int i = 0; i < 6; i++) {
			Map<String, String> notes = new HashMap<>();
			for (int n = 0; n < 32; n++) {
				notes.put("n" + n, "v");
			}
			add("p" + i, new Decision.Continue(List.of(), List.of(), notes, ""));
		}
		assertThat(forward(Requests.get("/"), RequestBody.ABSENT).request().annotations())
			.hasSize(RequestState.MAX_ANNOTATIONS);
		this.chain.clear();
		for (int i = 0; i < 6; i++) {
			add("p" + i, new Decision.Continue(List.of(), List.of(), Map.of("k", "v".repeat(8000)), ""));
		}
		assertThat(forward(Requests.get("/"), RequestBody.ABSENT).request().annotations()).hasSize(4);
	}

	private static Decision rewrite(@Nullable String path, @Nullable String query) {
		return new Decision.Continue(List.of(), new TargetRewrite(path, query), null, List.of(), Map.of(), "",
				Duration.ZERO);
	}

	private static Decision replace(String body, @Nullable String contentType) {
		return new Decision.Continue(List.of(), null, new BodyReplacement(Requests.bytes(body), contentType), List.of(),
				Map.of(), "", Duration.ZERO);
	}

	private void add(String name, Decision decision) {
		this.chain.add(entry(TestSpec.named(name).fail(FailPolicy.OPEN).body(BodyMode.FULL, 1), decision));
	}

	private PluginRegistry.Entry entry(TestSpec spec, Decision decision) {
		return new Filled(spec.build(), (event, budget) -> {
			this.seen.add(event);
			return Mono.just(decision);
		});
	}

	private ChainResult.Forward forward(RequestEvent event, RequestBody body) {
		ChainSettings settings = new ChainSettings(Duration.ofSeconds(1), Duration.ofSeconds(1), 100, Duration.ZERO, 0,
				0, true);
		ChainResult result = new PluginChain(() -> List.copyOf(this.chain), settings, (request, outcome) -> {
		}).start(event).decide(body).block(Duration.ofSeconds(5));
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		return (ChainResult.Forward) result;
	}

}
