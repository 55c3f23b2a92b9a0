package org.hkpgateway.chain;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginChain} with plugins that are shown some requests only. The
 * request is an upload to {@code /pks/add}.
 */
class MatchedChainTests {

	private static final MatchRules UPLOADS = operations("add");

	private static final MatchRules LOOKUPS = operations("get", "index");

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<String> asked = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	@Test
	void aPluginWhoseRulesDoNotHoldIsNotAsked() {
		add(spec("a").match(LOOKUPS), Decision.Continue.UNCHANGED);
		add(spec("b").match(UPLOADS), Decision.Continue.UNCHANGED);
		add(spec("c").match(LOOKUPS), new Decision.Respond(new ResponseHead(403, Headers.of()), ByteBuffer.allocate(0),
				Map.of(), "not for you"));
		add(spec("d"), Decision.Continue.UNCHANGED);
		assertThat(decide()).isInstanceOf(ChainResult.Forward.class);
		assertThat(this.asked).containsExactly("b", "d");
	}

	@Test
	void whoWasSkippedAndWhyIsPartOfTheResultAndNobodyIsTold() {
		add(spec("a").match(LOOKUPS), Decision.Continue.UNCHANGED);
		add(spec("b"), Decision.Continue.UNCHANGED);
		add(spec("c").match(new MatchRules(Set.of("GET"), Set.of(), List.of(), List.of())),
				Decision.Continue.UNCHANGED);
		assertThat(decide().outcomes())
			.extracting((outcome) -> outcome.plugin() + " " + outcome.kind() + " " + outcome.detail())
			.containsExactly("a SKIPPED operations", "c SKIPPED methods", "b CONTINUED ");
		assertThat(this.told).containsExactly("b");
	}

	@Test
	void aSkippedPluginThatFailsClosedDoesNotMatter() {
		this.chain.add(new Filled(spec("dead").match(LOOKUPS).build(), null));
		this.chain.add(new Filled(spec("broken").match(LOOKUPS).build(), (event, budget) -> Mono
			.error(new PluginFailure.Timeout(spec("broken").build().id(), "expected: not to be asked"))));
		assertThat(decide()).isInstanceOf(ChainResult.Forward.class);
		assertThat(decide().outcomes()).extracting(PluginOutcome::kind).containsOnly(PluginOutcome.Kind.SKIPPED);
	}

	@Test
	void aMatchingPluginThatFailsClosedStillEndsTheRequest() {
		this.chain.add(new Filled(spec("dead").match(UPLOADS).build(), null));
		assertThat(((ChainResult.Answer) decide()).head().status()).isEqualTo(500);
	}

	@Test
	void onlyMatchingPluginsDemandTheBody() {
		add(spec("a").match(LOOKUPS).body(BodyMode.FULL, 1), Decision.Continue.UNCHANGED);
		assertThat(start().bodyDemand()).isEqualTo(BodyDemand.NONE);
		add(spec("b").match(UPLOADS).body(BodyMode.PREFIX, 100), Decision.Continue.UNCHANGED);
		assertThat(start().bodyDemand()).isEqualTo(new BodyDemand(BodyMode.PREFIX, 100));
		add(spec("c").match(LOOKUPS).body(BodyMode.PREFIX, 1000), Decision.Continue.UNCHANGED);
		assertThat(start().bodyDemand()).isEqualTo(new BodyDemand(BodyMode.PREFIX, 100));
		add(spec("d").match(UPLOADS).body(BodyMode.FULL, 1), Decision.Continue.UNCHANGED);
		assertThat(start().bodyDemand().mode()).isEqualTo(BodyMode.FULL);
	}

	@Test
	void aChainInWhichNobodyMatchesIsEmpty() {
		assertThat(start().isEmpty()).isTrue();
		add(spec("a").match(LOOKUPS), Decision.Continue.UNCHANGED);
		assertThat(start().isEmpty()).isTrue();
		add(spec("b").match(UPLOADS), Decision.Continue.UNCHANGED);
		assertThat(start().isEmpty()).isFalse();
	}

	@Test
	void changesOfOthersPassASkippedPluginByAndDoNotChangeWhoMatches() {
		HeaderMutation mutation = new HeaderMutation.Set("X-Score", "7");
		add(spec("a"), new Decision.Continue(List.of(mutation), List.of(new HeaderMutation.Append("X-Seen", "1")),
				Map.of("score", "7"), ""));
		add(spec("b").match(LOOKUPS), new Decision.Continue(List.of(new HeaderMutation.Set("X-Score", "0")), List.of(),
				Map.of("score", "0"), ""));
		add(spec("c").match(UPLOADS), Decision.Continue.UNCHANGED);
		ChainResult.Forward forward = (ChainResult.Forward) decide();
		assertThat(forward.request().head().headers().all("x-score")).containsExactly("7");
		assertThat(forward.responseHeaders()).containsExactly(new HeaderMutation.Append("X-Seen", "1"));
		assertThat(this.asked).containsExactly("a", "c");
		assertThat(this.seen.get(1).annotations()).containsOnly(Map.entry("a.score", "7"));
		assertThat(this.seen.get(1).head().headers().first("x-score")).isEqualTo("7");
	}

	@Test
	void aSkippedPluginTakesNothingFromTheBudget() {
		add(spec("a").match(LOOKUPS), Decision.Continue.UNCHANGED);
		this.chain.add(new Filled(spec("b").build(), (event, budget) -> {
			assertThat(budget).isEqualTo(Duration.ofSeconds(1));
			return Mono.just(Decision.Continue.UNCHANGED);
		}));
		assertThat(decide().outcomes()).last().extracting(PluginOutcome::kind).isEqualTo(PluginOutcome.Kind.CONTINUED);
	}

	/** Between the reading of the body and the plugin's turn its rules have changed. */
	@Test
	void theRulesOfTheGenerationThatWouldBeAskedHold() {
		PluginRegistry.Entry now = new Filled(spec("a").match(LOOKUPS).build(),
				(event, budget) -> Mono.error(new AssertionError("expected: not to be asked")));
		PluginSpec before = spec("a").match(UPLOADS).build();
		this.chain.add(replaced(before, now));
		ChainRun run = start();
		assertThat(run.isEmpty()).isFalse();
		assertThat(run.decide(RequestBody.ABSENT).block(Duration.ofSeconds(5))).satisfies((result) -> {
			assertThat(result).isInstanceOf(ChainResult.Forward.class);
			assertThat(result.outcomes()).singleElement().isEqualTo(PluginOutcome.skipped(before.id(), "operations"));
		});
	}

	/** The same with how much of the body it wants. */
	@Test
	void aGenerationThatWantsMoreOfTheBodyThanWasReadFailsByItsPolicy() {
		RequestBody withheld = RequestBody.withheld(7);
		RequestBody begun = new RequestBody(RequestBody.State.PREFIX, ByteBuffer.allocate(4), 7);
		for (TestSpec greedy : List.of(spec("a").body(BodyMode.FULL, 1), spec("a").body(BodyMode.PREFIX, 5))) {
			for (RequestBody read : List.of(withheld, begun)) {
				ChainResult closed = reloaded(greedy.fail(FailPolicy.CLOSED), read);
				assertThat(((ChainResult.Answer) closed).head().status()).isEqualTo(500);
				assertThat(closed.outcomes()).singleElement()
					.matches((outcome) -> outcome.kind() == PluginOutcome.Kind.FAILED_CLOSED)
					.extracting(PluginOutcome::detail)
					.asString()
					.startsWith("unavailable: plugin a: expected: body ")
					.contains("got: a request that came before the plugin was reloaded");
				ChainResult open = reloaded(greedy.fail(FailPolicy.OPEN), read);
				assertThat(((ChainResult.Forward) open).request().annotations()).containsEntry("a.failed",
						"unavailable");
			}
		}
		assertThat(this.asked).isEmpty();
	}

	@Test
	void aGenerationForWhichEnoughOfTheBodyWasReadIsAsked() {
		RequestBody whole = RequestBody.complete(ByteBuffer.allocate(7));
		RequestBody begun = new RequestBody(RequestBody.State.PREFIX, ByteBuffer.allocate(4), 7);
		reloaded(spec("full").body(BodyMode.FULL, 1), whole);
		reloaded(spec("none").body(BodyMode.FULL, 1), RequestBody.ABSENT);
		reloaded(spec("long").body(BodyMode.PREFIX, 100), whole);
		reloaded(spec("prefix").body(BodyMode.PREFIX, 4), begun);
		reloaded(spec("less").body(BodyMode.NONE, 1), begun);
		assertThat(this.asked).containsExactly("full", "none", "long", "prefix", "less");
	}

	/**
	 * What comes of a request that was begun with a generation that wants no body, and is
	 * to be decided by another one.
	 */
	private ChainResult reloaded(TestSpec spec, RequestBody read) {
		this.chain.clear();
		add(spec, Decision.Continue.UNCHANGED);
		PluginRegistry.Entry now = this.chain.remove(0);
		this.chain.add(replaced(spec(now.spec().id().name()).build(), now));
		ChainResult result = start().decide(read).block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		return result;
	}

	private static PluginRegistry.Entry replaced(PluginSpec before, PluginRegistry.Entry now) {
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return before;
			}

			@Override
			public @Nullable PluginClient client() {
				throw new AssertionError("expected: current() first");
			}

			@Override
			public PluginRegistry.Entry current() {
				return now;
			}

		};
	}

	private ChainResult decide() {
		ChainResult result = start().decide(RequestBody.ABSENT).block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		return result;
	}

	private ChainRun start() {
		return new PluginChain(() -> List.copyOf(this.chain), Duration.ofSeconds(1), Duration.ofSeconds(1),
				(request, outcome) -> this.told.add(outcome.plugin().name()), () -> 0)
			.start(new RequestEvent("id", new RequestHead("POST", "/pks/add", Headers.of("Host", "keys")), "/pks/add",
					Map.of(), HkpRequest.of(Operation.ADD), new InetSocketAddress("192.0.2.1", 4711), false,
					RequestBody.ABSENT, Map.of()));
	}

	private void add(TestSpec spec, Decision decision) {
		PluginSpec built = spec.build();
		this.chain.add(new Filled(built, (event, budget) -> {
			this.asked.add(built.id().name());
			this.seen.add(event);
			return Mono.just(decision);
		}));
	}

	private static TestSpec spec(String name) {
		return TestSpec.named(name);
	}

	private static MatchRules operations(String... words) {
		return new MatchRules(Set.of(), Set.of(words), List.of(), List.of());
	}

}
