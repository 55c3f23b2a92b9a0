package org.hkpgateway.chain;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginChain}.
 */
class PluginChainTests {

	private final List<PluginRegistry.Entry> entries = new ArrayList<>();

	private final List<String> asked = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	private final AtomicLong nanos = new AtomicLong();

	@Test
	void anEmptyChainForwards() {
		RequestEvent event = event();
		assertThat(run(event))
			.isEqualTo(new ChainResult.Forward(event, event, false, List.of(), List.of(), ChainTrace.EMPTY));
	}

	@Test
	void pluginsAreAskedInOrderAndTheFirstAnswerEndsTheChain() {
		plugin("a", Decision.Continue.UNCHANGED);
		plugin("b", respond(429, "slow down"));
		plugin("c", Decision.Continue.UNCHANGED);
		ChainResult.Answer answer = (ChainResult.Answer) run(event());
		assertThat(this.asked).containsExactly("a", "b");
		assertThat(answer.head().status()).isEqualTo(429);
		assertThat(StandardCharsets.UTF_8.decode(answer.body()).toString()).isEqualTo("slow down");
		assertThat(answer.outcomes()).extracting(PluginOutcome::kind)
			.containsExactly(PluginOutcome.Kind.CONTINUED, PluginOutcome.Kind.RESPONDED);
	}

	@Test
	void mutationsAndAnnotationsAreSeenByLaterPluginsAndForwarded() {
		HeaderMutation mutation = new HeaderMutation.Set("X-Score", "7");
		plugin("a", new Decision.Continue(List.of(mutation), List.of(new HeaderMutation.Append("X-Seen", "1")),
				Map.of("score", "7"), ""));
		plugin("b", Decision.Continue.UNCHANGED);
		ChainResult.Forward forward = (ChainResult.Forward) run(event());
		assertThat(this.seen.get(1).head().headers().first("x-score")).isEqualTo("7");
		assertThat(this.seen.get(1).annotations()).containsOnly(Map.entry("a.score", "7"));
		assertThat(forward.request().head().headers().first("x-score")).isEqualTo("7");
		assertThat(forward.request().annotations()).containsOnly(Map.entry("a.score", "7"));
		assertThat(forward.plugins()).isEqualTo(this.entries);
		assertThat(forward.responseHeaders()).containsExactly(new HeaderMutation.Append("X-Seen", "1"));
	}

	@Test
	void pluginsOfEqualViewShareOneEvent() {
		plugin("a", Decision.Continue.UNCHANGED);
		plugin("b", Decision.Continue.UNCHANGED);
		run(event());
		assertThat(this.seen.get(0)).isSameAs(this.seen.get(1));
	}

	@Test
	void aFailedPluginThatFailsClosedEndsTheRequestWith500AndNoInternals() {
		failing("a", FailPolicy.CLOSED);
		plugin("b", Decision.Continue.UNCHANGED);
		ChainResult.Answer answer = (ChainResult.Answer) run(event());
		assertThat(this.asked).containsExactly("a");
		assertThat(answer.head().status()).isEqualTo(500);
		assertThat(StandardCharsets.UTF_8.decode(answer.body()).toString()).doesNotContain("secret");
		assertThat(answer.outcomes().get(0).kind()).isEqualTo(PluginOutcome.Kind.FAILED_CLOSED);
		assertThat(answer.outcomes().get(0).detail()).startsWith("timeout: ").contains("secret detail");
	}

	@Test
	void aFailedPluginThatFailsOpenLeavesANoteForLaterPlugins() {
		failing("a", FailPolicy.OPEN);
		plugin("b", Decision.Continue.UNCHANGED);
		ChainResult result = run(event());
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		assertThat(result.outcomes().get(0).kind()).isEqualTo(PluginOutcome.Kind.FAILED_OPEN);
		assertThat(this.seen.get(0).annotations()).containsEntry("a.failed", "timeout");
	}

	@Test
	void aRequestTooLargeForAPluginIs413EvenIfThePluginFailsOpen() {
		this.entries.add(entry(spec("a", FailPolicy.OPEN, BodyMode.FULL), (event, budget) -> Mono
			.error(new PluginFailure.TooLarge(new PluginId("a"), "5 MB, expected at most 4 MB"))));
		plugin("b", Decision.Continue.UNCHANGED);
		assertThat(((ChainResult.Answer) run(event())).head().status()).isEqualTo(413);
		assertThat(this.asked).isEmpty();
	}

	@Test
	void aPluginThatIsNotReadyFailsItIsNeverSkipped() {
		this.entries.add(entry(spec("a", FailPolicy.CLOSED, BodyMode.NONE), null));
		ChainResult.Answer answer = (ChainResult.Answer) run(event());
		assertThat(answer.head().status()).isEqualTo(500);
		assertThat(answer.outcomes().get(0).detail()).startsWith("unavailable: ");
	}

	@Test
	void anUnexpectedErrorOrAnEmptyAnswerIsTheFailureOfThePlugin() {
		this.entries.add(entry(spec("a", FailPolicy.OPEN, BodyMode.NONE),
				(event, budget) -> Mono.error(new IllegalStateException("bug"))));
		this.entries.add(entry(spec("b", FailPolicy.OPEN, BodyMode.NONE), (event, budget) -> Mono.empty()));
		assertThat(run(event()).outcomes()).extracting(PluginOutcome::detail)
			.allMatch((detail) -> detail.startsWith("protocol-error: "));
	}

	@Test
	void theBudgetIsSharedAndItsExhaustionIsAFailure() {
		this.entries.add(entry(spec("slow", FailPolicy.OPEN, BodyMode.NONE), (event, budget) -> {
			assertThat(budget).isEqualTo(Duration.ofSeconds(1));
			this.nanos.addAndGet(Duration.ofMillis(700).toNanos());
			return Mono.just(Decision.Continue.UNCHANGED);
		}));
		this.entries.add(entry(spec("slower", FailPolicy.OPEN, BodyMode.NONE), (event, budget) -> {
			assertThat(budget).isEqualTo(Duration.ofMillis(300));
			this.nanos.addAndGet(Duration.ofMillis(400).toNanos());
			return Mono.just(Decision.Continue.UNCHANGED);
		}));
		plugin("late", Decision.Continue.UNCHANGED);
		ChainResult result = run(event());
		assertThat(this.asked).isEmpty();
		assertThat(result.outcomes().get(2).detail()).startsWith("timeout: ").contains("budget of 1000 ms");
		assertThat(((ChainResult.Answer) result).head().status()).isEqualTo(500);
	}

	@Test
	void whoUsedUpTheBudgetIsNamed() {
		slow("a", 812);
		slow("b", 190);
		plugin("c", Decision.Continue.UNCHANGED);
		ChainResult result = run(event());
		assertThat(this.asked).isEmpty();
		assertThat(result.outcomes().get(2).detail()).isEqualTo(
				"timeout: plugin c: not asked, for no time is left; chain budget of 1000 ms used up: a 812 ms, b 190 ms");
		assertThat(result.outcomes()).extracting(PluginOutcome::share)
			.containsExactly(Duration.ofMillis(812).toNanos(), Duration.ofMillis(190).toNanos(), 0L);
	}

	@Test
	void ofPluginsThatAreAskedTogetherEachIsChargedWhatItTookLongerThanThoseBefore() {
		List<Sinks.One<Decision>> answers = List.of(Sinks.one(), Sinks.one(), Sinks.one());
		for (int i = 0; i < 3; i++) {
			Sinks.One<Decision> answer = answers.get(i);
			this.entries.add(entry(TestSpec.named("p" + i).speculative().fail(FailPolicy.OPEN).build(),
					(event, budget) -> answer.asMono()));
		}
		plugin("last", Decision.Continue.UNCHANGED);
		List<ChainResult> results = new ArrayList<>();
		chain().start(event()).decide(RequestBody.ABSENT).subscribe(results::add);
		this.nanos.addAndGet(Duration.ofMillis(100).toNanos());
		answers.get(1).tryEmitValue(Decision.Continue.UNCHANGED);
		this.nanos.addAndGet(Duration.ofMillis(200).toNanos());
		answers.get(0).tryEmitValue(Decision.Continue.UNCHANGED);
		this.nanos.addAndGet(Duration.ofMillis(700).toNanos());
		answers.get(2).tryEmitError(new PluginFailure.Timeout(new PluginId("p2"), "late"));
		assertThat(results).singleElement().satisfies((result) -> {
			assertThat(result.outcomes()).extracting((outcome) -> outcome.nanos() / 1_000_000)
				.containsExactly(300L, 100L, 1000L, 0L);
			assertThat(result.outcomes()).extracting((outcome) -> outcome.share() / 1_000_000)
				.containsExactly(300L, 0L, 700L, 0L);
			assertThat(result.outcomes().get(3).detail())
				.endsWith("chain budget of 1000 ms used up: p0 300 ms, p2 700 ms");
		});
	}

	@Test
	void aCallThatTheBudgetCutsShortNamesThoseBeforeIt() {
		slow("a", 900);
		this.entries.add(entry(TestSpec.named("b").timeout(Duration.ofMillis(500)).build(), (event, budget) -> {
			assertThat(budget).isEqualTo(Duration.ofMillis(100));
			this.nanos.addAndGet(budget.toNanos());
			return Mono.error(new PluginFailure.Timeout(new PluginId("b"), "expected: a decision within 100 ms"));
		}));
		assertThat(run(event()).outcomes().get(1).detail())
			.endsWith("within 100 ms; chain budget of 1000 ms used up: a 900 ms, b 100 ms");
	}

	@Test
	void aClientThatLeavesCancelsEveryCallOfAStage() {
		List<Sinks.One<Decision>> answers = List.of(Sinks.one(), Sinks.one());
		for (int i = 0; i < 2; i++) {
			Sinks.One<Decision> answer = answers.get(i);
			this.entries.add(entry(TestSpec.named("p" + i).speculative().build(), (event, budget) -> answer.asMono()));
		}
		Disposable client = chain().start(event()).decide(RequestBody.ABSENT).subscribe();
		assertThat(answers).allMatch((answer) -> answer.currentSubscriberCount() == 1);
		client.dispose();
		assertThat(answers).allMatch((answer) -> answer.currentSubscriberCount() == 0);
	}

	private void slow(String name, long millis) {
		this.entries.add(entry(spec(name, FailPolicy.OPEN, BodyMode.NONE), (event, budget) -> {
			this.nanos.addAndGet(Duration.ofMillis(millis).toNanos());
			return Mono.just(Decision.Continue.UNCHANGED);
		}));
	}

	@ParameterizedTest
	@ValueSource(ints = { 502, 503, 504 })
	void aStatusThatMakesGpgGiveUpOrRepeatBecomes500(int status) {
		plugin("a", respond(status, "x"));
		assertThat(((ChainResult.Answer) run(event())).head().status()).isEqualTo(500);
	}

	@Test
	void reservedAndHopByHopHeadersOfAnAnswerAreDropped() {
		plugin("a", new Decision.Respond(new ResponseHead(403,
				Headers.of("Content-Length", "999", "Connection", "X-Mine", "X-Mine", "1", "Transfer-Encoding",
						"chunked", "Via", "1.1 me", "X-Forwarded-For", "192.0.2.9", "Content-Type", "text/plain")),
				body("no"), Map.of(), ""));
		assertThat(((ChainResult.Answer) run(event())).head().headers())
			.isEqualTo(Headers.of("Content-Type", "text/plain"));
	}

	@Test
	void aBodyOf204IsDropped() {
		plugin("a", respond(204, "x"));
		assertThat(((ChainResult.Answer) run(event())).body().hasRemaining()).isFalse();
	}

	@Test
	void credentialsAreWithheldUnlessGranted() {
		plugin("a", Decision.Continue.UNCHANGED);
		PluginSpec trusted = spec("b", FailPolicy.CLOSED, BodyMode.NONE, Capability.HTTP_REQUEST,
				Capability.HTTP_CREDENTIALS);
		this.entries.add(entry(trusted, recording("b", Decision.Continue.UNCHANGED)));
		run(event());
		assertThat(this.seen.get(0).head().headers().contains("Authorization")).isFalse();
		assertThat(this.seen.get(0).head().headers().contains("Cookie")).isFalse();
		assertThat(this.seen.get(1).head().headers().first("Authorization")).isEqualTo("Basic eA==");
	}

	@Test
	void eachPluginSeesAsMuchOfTheBodyAsItIsGranted() {
		for (BodyMode mode : BodyMode.values()) {
			this.entries.add(entry(spec(mode.name().toLowerCase(java.util.Locale.ROOT), FailPolicy.CLOSED, mode),
					recording(mode.name(), Decision.Continue.UNCHANGED)));
		}
		run(event().withBody(new RequestBody(RequestBody.State.COMPLETE, body("0123456789"), 10)));
		assertThat(this.seen).extracting((event) -> event.body().state())
			.containsExactly(RequestBody.State.WITHHELD, RequestBody.State.PREFIX, RequestBody.State.COMPLETE);
		assertThat(this.seen).extracting((event) -> event.body().bytes().remaining()).containsExactly(0, 4, 10);
		assertThat(this.seen).extracting((event) -> event.body().length()).containsExactly(10L, 10L, 10L);
	}

	@Test
	void theDemandForTheBodyIsThatOfTheMostDemandingPlugin() {
		assertThat(chain().start(event()).bodyDemand()).isEqualTo(BodyDemand.NONE);
		this.entries.add(entry(spec("a", FailPolicy.CLOSED, BodyMode.PREFIX), null));
		assertThat(chain().start(event()).bodyDemand()).isEqualTo(new BodyDemand(BodyMode.PREFIX, 4));
		this.entries.add(entry(spec("b", FailPolicy.CLOSED, BodyMode.FULL), null));
		assertThat(chain().start(event()).bodyDemand())
			.isEqualTo(new BodyDemand(BodyMode.FULL, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES - BodyDemand.EVENT_HEADROOM));
	}

	private ChainResult run(RequestEvent event) {
		ChainResult result = chain().start(event).decide(event.body()).block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		return result;
	}

	private PluginChain chain() {
		return new PluginChain(() -> List.copyOf(this.entries), Duration.ofSeconds(1), Duration.ofSeconds(1),
				(request, outcome) -> {
				}, this.nanos::get);
	}

	private void plugin(String name, Decision decision) {
		this.entries.add(entry(spec(name, FailPolicy.CLOSED, BodyMode.NONE), recording(name, decision)));
	}

	private void failing(String name, FailPolicy policy) {
		this.entries.add(entry(spec(name, policy, BodyMode.NONE), (event, budget) -> {
			this.asked.add(name);
			return Mono.error(new PluginFailure.Timeout(new PluginId(name), "secret detail"));
		}));
	}

	@Test
	void aWithdrawnClientIsLookedUpAgainAndTheNewSpecificationHolds() {
		PluginSpec blind = spec("a", FailPolicy.CLOSED, BodyMode.NONE, Capability.HTTP_REQUEST);
		PluginSpec trusted = spec("a", FailPolicy.CLOSED, BodyMode.NONE, Capability.HTTP_REQUEST,
				Capability.HTTP_CREDENTIALS);
		PluginRegistry.Entry next = entry(blind, recording("next", Decision.Continue.UNCHANGED));
		this.entries.add(changing(entry(trusted, (event, budget) -> {
			this.asked.add("withdrawn");
			return Mono.error(new PluginFailure.Withdrawn(trusted.id(), "it is being stopped"));
		}), next));
		ChainResult result = run(event());
		assertThat(this.asked).containsExactly("withdrawn", "next");
		assertThat(this.seen.get(0).head().headers().first("authorization")).isNull();
		assertThat(result.outcomes()).singleElement()
			.extracting(PluginOutcome::kind)
			.isEqualTo(PluginOutcome.Kind.CONTINUED);
	}

	@Test
	void aClientThatIsWithdrawnAgainAndAgainFails() {
		PluginSpec spec = spec("a", FailPolicy.CLOSED, BodyMode.NONE);
		this.entries.add(entry(spec, (event, budget) -> {
			this.asked.add("a");
			return Mono.error(new PluginFailure.Withdrawn(spec.id(), "it is being stopped"));
		}));
		assertThat(((ChainResult.Answer) run(event())).head().status()).isEqualTo(500);
		assertThat(this.asked).hasSize(3);
	}

	@Test
	void aPluginThatHasLeftTheChainIsNotAsked() {
		this.entries.add(changing((PluginRegistry.Entry) null));
		plugin("b", Decision.Continue.UNCHANGED);
		assertThat(run(event())).isInstanceOf(ChainResult.Forward.class);
		assertThat(this.asked).containsExactly("b");
	}

	/** A place that is filled by one after the other, each time it is looked at. */
	private static PluginRegistry.Entry changing(PluginRegistry.@Nullable Entry... fillers) {
		Iterator<PluginRegistry.@Nullable Entry> next = Arrays.asList(fillers).iterator();
		PluginSpec spec = spec("a", FailPolicy.CLOSED, BodyMode.NONE);
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return spec;
			}

			@Override
			public @Nullable PluginClient client() {
				throw new AssertionError("expected: current() first");
			}

			@Override
			public PluginRegistry.@Nullable Entry current() {
				return next.next();
			}

		};
	}

	private PluginClient recording(String name, Decision decision) {
		return (event, budget) -> {
			this.asked.add(name);
			this.seen.add(event);
			return Mono.just(decision);
		};
	}

	private static Decision respond(int status, String text) {
		return new Decision.Respond(new ResponseHead(status, Headers.of("Content-Type", "text/plain")), body(text),
				Map.of(), "because");
	}

	private static ByteBuffer body(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	private static PluginRegistry.Entry entry(PluginSpec spec, @Nullable PluginClient client) {
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return spec;
			}

			@Override
			public @Nullable PluginClient client() {
				return client;
			}

		};
	}

	private static PluginSpec spec(String name, FailPolicy fail, BodyMode body, Capability... granted) {
		return TestSpec.named(name).fail(fail).body(body, 4).requested(granted).granted(granted).build();
	}

	private static RequestEvent event() {
		return new RequestEvent("id",
				new RequestHead("POST", "/pks/add",
						Headers.of("Host", "keys", "Authorization", "Basic eA==", "Cookie", "a=b")),
				"/pks/add", Map.of(), HkpRequest.of(Operation.ADD), new InetSocketAddress("192.0.2.1", 4711), false,
				RequestBody.ABSENT, Map.of());
	}

}
