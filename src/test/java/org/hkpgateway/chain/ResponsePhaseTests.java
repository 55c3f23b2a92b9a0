package org.hkpgateway.chain;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PathGlob;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.plugin.TestSpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ResponsePhase}.
 */
class ResponsePhaseTests {

	private static final Headers HEADERS = Headers.of("Content-Type", "application/pgp-keys", "Set-Cookie", "a=b");

	private final List<String> asked = new ArrayList<>();

	private final List<ResponseEvent> seen = new ArrayList<>();

	private final List<Duration> budgets = new ArrayList<>();

	private final List<PluginOutcome> heard = new ArrayList<>();

	private final AtomicLong nanos = new AtomicLong();

	private final List<PluginRegistry.Entry> plugins = new ArrayList<>();

	private final ResponsePhase phase = new ResponsePhase(Duration.ofMillis(200),
			(request, outcome) -> this.heard.add(outcome), this.nanos::get);

	@Test
	void nobodyTakesPartWithoutGrantOrFeature() {
		assertThat(start()).isNull();
		add(new Place(spec("no-grant", Capability.HTTP_REQUEST, Capability.HTTP_RESPOND), answering("no-grant")));
		add(new Place(spec("no-feature"), null));
		Place dead = new Place(spec("dead"), answering("dead"));
		dead.running = false;
		add(dead);
		assertThat(start()).isNull();
	}

	@Test
	void theLastOneIsAskedFirstAndWhatItChangesIsSeenByOthers() {
		add("a", changing(Map.of("note", "3"), new HeaderMutation.Append("X-By", "a")));
		add(new Place(spec("no-feature"), null));
		add("b", changing(Map.of("note", "7"), new HeaderMutation.Set("Content-Type", "text/plain"),
				new HeaderMutation.Append("X-By", "b")));
		Reviewed reviewed = review();
		assertThat(this.asked).containsExactly("b", "a");
		assertThat(this.seen.get(0).headers().first("content-type")).isEqualTo("application/pgp-keys");
		assertThat(this.seen.get(0).request().annotations()).containsOnly(Map.entry("x.y", "z"));
		assertThat(this.seen.get(1).headers().first("content-type")).isEqualTo("text/plain");
		assertThat(this.seen.get(1).request().annotations()).containsOnly(Map.entry("x.y", "z"),
				Map.entry("b.note", "7"));
		assertThat(reviewed.headers().all("x-by")).containsExactly("b", "a");
		assertThat(reviewed.headers().first("content-type")).isEqualTo("text/plain");
		assertThat(reviewed.outcomes()).isEqualTo(this.heard)
			.extracting((outcome) -> outcome.plugin() + " " + outcome.kind().label())
			.containsExactly("b reviewed", "a reviewed");
		assertThat(reviewed.outcomes()).allMatch((outcome) -> outcome.kind().phase() == Phase.RESPONSE);
	}

	@Test
	void whoChangedWhatIsToldOfBothPhasesAndSoAreTheNotes() {
		add("a", changing(Map.of("seen", "200"), new HeaderMutation.Set("X-A", "3"), new HeaderMutation.Remove("X-B")));
		add("b", changing(Map.of(), new HeaderMutation.Append("x-a", "2"), new HeaderMutation.Set("x-c", "2")));
		ChainTrace before = new ChainTrace(
				List.of(new PluginOutcome(new PluginId("a"), PluginOutcome.Kind.CONTINUED, "", "", 7, 7, null)),
				List.of(new Change(new PluginId("a"), Change.Part.RESPONSE_HEADER, "x-a", null),
						new Change(new PluginId("b"), Change.Part.RESPONSE_HEADER, "x-b", null),
						new Change(new PluginId("b"), Change.Part.REQUEST_HEADER, "x-c", null)),
				Map.of("x.y", "z"), new Delay(new PluginId("a"), Duration.ofMillis(9), Duration.ofMillis(9)), 7);
		ResponsePhase.Review review = this.phase.start(
				new ChainResult.Forward(request(), request(), false, this.plugins, List.of(), before), CallSpans.NONE);
		assertThat(review.trace()).isEqualTo(before);
		ChainTrace trace = of(review).trace();
		assertThat(trace.changes()).extracting(Change::toString)
			.containsExactly("a:response/x-a", "b:response/x-b", "b:x-c", "b:response/x-a", "b:response/x-c",
					"a:response/x-a>b", "a:response/x-b>b");
		assertThat(trace.annotations()).containsOnly(Map.entry("x.y", "z"), Map.entry("a.seen", "200"));
		assertThat(trace.outcomes()).extracting((outcome) -> outcome.plugin() + " " + outcome.kind().label())
			.containsExactly("a continue", "b reviewed", "a reviewed");
		assertThat(trace.nanos()).isEqualTo(7);
		assertThat(trace.delay()).isEqualTo(before.delay());
	}

	@Test
	void whoIsWaitedForWhenTheClientLeavesIsToldToo() {
		add("a", changing(Map.of()));
		add("b", (event) -> Mono.never());
		add("c", changing(Map.of("note", "1")));
		ResponsePhase.Review review = start();
		Disposable client = review.of(200, HEADERS, Duration.ZERO).subscribe();
		this.nanos.addAndGet(Duration.ofMillis(30).toNanos());
		client.dispose();
		assertThat(review.trace().outcomes()).extracting((outcome) -> outcome.plugin() + " " + outcome.kind().label())
			.containsExactly("c reviewed", "b review-cancelled");
		assertThat(review.trace().outcomes().get(1).nanos()).isEqualTo(30_000_000L);
		assertThat(review.trace().annotations()).containsEntry("c.note", "1");
	}

	@Test
	void theAnswerIsToldWithoutTheBytesOfTheRequest() {
		add("a", changing(Map.of()));
		review();
		ResponseEvent event = this.seen.get(0);
		assertThat(event.status()).isEqualTo(200);
		assertThat(event.upstream()).isEqualTo(Duration.ofMillis(5));
		assertThat(event.request().body()).isSameAs(RequestBody.ABSENT);
		assertThat(event.request().id()).isEqualTo("r-1");
	}

	@Test
	void cookiesAreShownToThoseThatMaySeeCredentialsAndKeptForTheClient() {
		add("a", changing(Map.of()));
		add(new Place(spec("b", Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE, Capability.HTTP_CREDENTIALS),
				answering("b")));
		Reviewed reviewed = review();
		assertThat(this.seen.get(0).headers().first("set-cookie")).isEqualTo("a=b");
		assertThat(this.seen.get(1).headers().contains("set-cookie")).isFalse();
		assertThat(reviewed.headers()).isEqualTo(HEADERS);
	}

	@Test
	void aFailureIsNotedAndTheAnswerPasses() {
		add("a", changing(Map.of(), new HeaderMutation.Set("X-By", "a")));
		add("b", (event) -> Mono.error(new PluginFailure.ProtocolError(new PluginId("b"), "secret detail")));
		Reviewed reviewed = review();
		assertThat(reviewed.headers().first("x-by")).isEqualTo("a");
		PluginOutcome outcome = reviewed.outcomes().get(0);
		assertThat(outcome.kind()).isEqualTo(PluginOutcome.Kind.REVIEW_FAILED);
		assertThat(outcome.kind().isFailure()).isTrue();
		assertThat(outcome.failure()).isEqualTo("protocol-error");
		assertThat(outcome.detail()).startsWith("protocol-error: ").contains("secret detail");
		assertThat(this.seen.get(1).request().annotations()).containsEntry("b.failed", "protocol-error");
	}

	@Test
	void anErrorThatIsNoFailureAndAnEmptyAnswerAreFailuresToo() {
		add("a", (event) -> Mono.empty());
		add("b", (event) -> Mono.error(new IllegalStateException("bug")));
		Reviewed reviewed = review();
		assertThat(reviewed.headers()).isEqualTo(HEADERS);
		assertThat(reviewed.outcomes()).extracting(PluginOutcome::failure)
			.containsExactly("protocol-error", "protocol-error");
	}

	@Test
	void whatIsLeftOfTheBudgetIsGivenAndThenNobodyIsAsked() {
		add("a", changing(Map.of()));
		add("b", (event) -> Mono.fromSupplier(() -> {
			this.nanos.addAndGet(Duration.ofMillis(150).toNanos());
			return ResponseDecision.UNCHANGED;
		}));
		add("c", (event) -> Mono.fromSupplier(() -> {
			this.nanos.addAndGet(Duration.ofMillis(50).toNanos());
			return ResponseDecision.UNCHANGED;
		}));
		Reviewed reviewed = review();
		assertThat(this.asked).containsExactly("c", "b");
		assertThat(this.budgets).containsExactly(Duration.ofMillis(200), Duration.ofMillis(150));
		assertThat(reviewed.outcomes()).extracting(PluginOutcome::nanos).containsExactly(50_000_000L, 150_000_000L, 0L);
		PluginOutcome last = reviewed.outcomes().get(2);
		assertThat(last.failure()).isEqualTo("timeout");
		assertThat(last.detail()).isEqualTo("timeout: plugin a: not asked, for no time is left; response budget of "
				+ "200 ms used up: c 50 ms, b 150 ms");
	}

	@Test
	void aPluginThatDiedWhileTheKeyserverAnsweredHasFailed() {
		Place place = add("a", changing(Map.of()));
		ResponsePhase.Review review = start();
		place.running = false;
		assertThat(of(review).outcomes()).singleElement()
			.satisfies((outcome) -> assertThat(outcome.detail()).contains("expected: READY, got: no running process"));
	}

	@Test
	void aPluginThatHasLeftTheChainIsNotAsked() {
		Place place = add("a", changing(Map.of()));
		ResponsePhase.Review review = start();
		place.current = () -> null;
		assertThat(of(review).outcomes()).isEmpty();
		assertThat(this.asked).isEmpty();
	}

	@Test
	void anotherGenerationIsAskedIfItTakesPartAndMatches() {
		Place next = new Place(spec("next"), answering("next"));
		add("a", changing(Map.of())).current = () -> next;
		assertThat(of(start()).outcomes()).hasSize(1);
		assertThat(this.asked).containsExactly("next");
	}

	@Test
	void anotherGenerationIsNotAskedInShadowModeOrWithoutGrantFeatureOrMatch() {
		Place blind = new Place(spec("next", Capability.HTTP_REQUEST), answering("next"));
		Place old = new Place(spec("next"), null);
		MatchRules uploads = new MatchRules(Set.of("POST"), MatchRules.EVERYTHING.operations(), List.of(), List.of());
		Place choosy = new Place(TestSpec.named("next")
			.granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE)
			.match(uploads)
			.build(), answering("next"));
		Place shadow = new Place(
				TestSpec.named("next").shadow().granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE).build(),
				answering("next"));
		for (Place next : List.of(blind, old, choosy, shadow)) {
			this.plugins.clear();
			add("a", changing(Map.of())).current = () -> next;
			assertThat(of(start()).outcomes()).isEmpty();
		}
		assertThat(this.asked).isEmpty();
	}

	/**
	 * As in the request phase: what plugins change brings nobody in, and keeps none out.
	 */
	@Test
	void theRulesOfAnotherGenerationAreAboutTheRequestAsItCame() {
		RequestEvent came = request();
		RequestEvent sent = came.withTarget("/pks/elsewhere");
		for (String path : List.of("/pks/lookup", "/pks/elsewhere")) {
			MatchRules rules = new MatchRules(Set.of(), Set.of(), List.of(PathGlob.parse(path)), List.of());
			PluginSpec spec = TestSpec.named("a")
				.granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE)
				.match(rules)
				.build();
			this.plugins.clear();
			add("a", changing(Map.of())).current = () -> new Place(spec, answering(path));
			of(this.phase.start(new ChainResult.Forward(came, sent, false, this.plugins, List.of(), ChainTrace.EMPTY),
					CallSpans.NONE));
		}
		assertThat(this.asked).containsExactly("/pks/lookup");
		assertThat(this.seen.get(0).request().path()).isEqualTo("/pks/elsewhere");
	}

	@Test
	void aWithdrawnClientIsLookedForAgainThreeTimes() {
		Place next = new Place(spec("next"), answering("next"));
		Place withdrawn = add("a",
				(event) -> Mono.error(new PluginFailure.Withdrawn(new PluginId("a"), "it is being stopped")));
		assertThat(review().outcomes()).singleElement()
			.satisfies((outcome) -> assertThat(outcome.failure()).isEqualTo("unavailable"));
		assertThat(this.asked).containsExactly("a", "a", "a");
		this.asked.clear();
		List<PluginRegistry.Entry> current = new ArrayList<>(List.of(withdrawn, next));
		withdrawn.current = () -> current.remove(0);
		assertThat(review().outcomes()).singleElement()
			.satisfies((outcome) -> assertThat(outcome.kind()).isEqualTo(PluginOutcome.Kind.REVIEWED));
		assertThat(this.asked).containsExactly("a", "next");
	}

	@Test
	void cancellingCancelsTheCallInFlight() {
		AtomicBoolean cancelled = new AtomicBoolean();
		add("a", changing(Map.of()));
		add("b", (event) -> Mono.<ResponseDecision>never().doOnCancel(() -> cancelled.set(true)));
		Disposable call = start().of(200, HEADERS, Duration.ZERO).subscribe();
		call.dispose();
		assertThat(cancelled).isTrue();
		assertThat(this.asked).containsExactly("b");
		assertThat(this.heard).isEmpty();
	}

	private ResponsePhase.@Nullable Review start() {
		return this.phase.start(
				new ChainResult.Forward(request(), request(), false, this.plugins, List.of(), ChainTrace.EMPTY),
				CallSpans.NONE);
	}

	private Reviewed review() {
		return of(start());
	}

	private static Reviewed of(ResponsePhase.Review review) {
		Headers headers = review.of(200, HEADERS, Duration.ofMillis(5)).block(Duration.ofSeconds(5));
		return new Reviewed(headers, review.trace());
	}

	/** What came of it. */
	private record Reviewed(Headers headers, ChainTrace trace) {

		List<PluginOutcome> outcomes() {
			return this.trace.outcomes();
		}

	}

	private static RequestEvent request() {
		return new RequestEvent("r-1", new RequestHead("GET", "/pks/lookup", Headers.empty()), "/pks/lookup", Map.of(),
				null, new InetSocketAddress("127.0.0.1", 1), false, RequestBody.withheld(7),
				new HashMap<>(Map.of("x.y", "z")));
	}

	private static PluginSpec spec(String name) {
		return spec(name, Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE);
	}

	private static PluginSpec spec(String name, Capability... granted) {
		return TestSpec.named(name).granted(granted).build();
	}

	private Place add(String name, Reaction reaction) {
		return add(new Place(spec(name), recording(name, reaction)));
	}

	private Place add(Place place) {
		this.plugins.add(place);
		return place;
	}

	private static Reaction changing(Map<String, String> annotations, HeaderMutation... changes) {
		return (event) -> Mono.just(new ResponseDecision(List.of(changes), annotations, "because"));
	}

	private ResponseClient answering(String name) {
		return recording(name, changing(Map.of()));
	}

	private ResponseClient recording(String name, Reaction reaction) {
		return (event, budget) -> {
			this.asked.add(name);
			this.seen.add(event);
			this.budgets.add(budget);
			return reaction.to(event);
		};
	}

	private interface Reaction {

		Mono<ResponseDecision> to(ResponseEvent event);

	}

	/** A place in the chain. */
	private static final class Place implements PluginRegistry.Entry {

		private final PluginSpec spec;

		private final @Nullable ResponseClient responses;

		private boolean running = true;

		private Supplier<PluginRegistry.@Nullable Entry> current = () -> this;

		Place(PluginSpec spec, @Nullable ResponseClient responses) {
			this.spec = spec;
			this.responses = responses;
		}

		@Override
		public PluginSpec spec() {
			return this.spec;
		}

		@Override
		public @Nullable PluginClient client() {
			return this.running ? new PluginClient() {

				@Override
				public Mono<Decision> decide(RequestEvent event, Duration budget) {
					throw new AssertionError("expected: the other phase");
				}

				@Override
				public @Nullable ResponseClient responses() {
					return Place.this.responses;
				}

			} : null;
		}

		@Override
		public PluginRegistry.@Nullable Entry current() {
			return this.current.get();
		}

	}

}
