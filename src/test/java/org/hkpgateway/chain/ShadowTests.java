package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Plugins in shadow mode.
 */
class ShadowTests implements ChainListener {

	private static final Decision CHANGE = new Decision.Continue(List.of(new HeaderMutation.Set("X-A", "1")), List.of(),
			Map.of("k", "v"), "why");

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	private final List<ShadowOutcome> compared = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	private final PluginChain plugins = new PluginChain(() -> List.copyOf(this.chain),
			ChainSettings.withBudgets(Duration.ofSeconds(1), Duration.ofSeconds(1)), this, () -> 0,
			Schedulers.immediate(), Schedulers.immediate());

	@Test
	void aShadowThatNeverAnswersHoldsNothingUp() {
		shadow("s", Mono.never());
		ChainRun run = this.plugins.start(Requests.get("/"));
		assertThat(run.isEmpty()).isTrue();
		assertThat(run.decide(RequestBody.ABSENT).block(Duration.ofSeconds(5)))
			.isInstanceOfSatisfying(ChainResult.Forward.class, (forward) -> {
				assertThat(forward.plugins()).isEmpty();
				assertThat(forward.outcomes()).isEmpty();
			});
		assertThat(this.seen).hasSize(1);
		assertThat(this.told).isEmpty();
		assertThat(this.compared).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	@ExtendWith(OutputCaptureExtension.class)
	void itsWordsMayNameClientsAndAreInTheLogOnlyIfAddressesAre(boolean quotes, CapturedOutput log) {
		ChainSettings settings = new ChainSettings(Duration.ofSeconds(1), Duration.ofSeconds(1), 0, Duration.ZERO, 0, 0,
				quotes);
		PluginChain chain = new PluginChain(() -> List.copyOf(this.chain), settings, this, () -> 0,
				Schedulers.immediate(), Schedulers.immediate());
		shadow("s", Mono.just(new Decision.Respond(new ResponseHead(403, Headers.empty()), Requests.bytes(""), Map.of(),
				"too much from 192.0.2.1")));
		chain.start(Requests.get("/")).decide(RequestBody.ABSENT).block(Duration.ofSeconds(5));
		assertThat(log).contains("Shadow plugin s: would-deny: ");
		assertThat(log.toString().contains("192.0.2.1")).isEqualTo(quotes);
		assertThat(log.toString().contains("(hkp.client-address.log)")).isNotEqualTo(quotes);
	}

	@Test
	void itSeesWhatItWouldAtItsPlaceAndChangesNothing() {
		plugin("a", CHANGE);
		shadow("s", Mono.just(new Decision.Continue(List.of(new HeaderMutation.Set("X-S", "1")),
				List.of(new HeaderMutation.Set("X-R", "1")), Map.of("n", "1"), "")));
		plugin("b", Decision.Continue.UNCHANGED);
		ChainResult.Forward forward = (ChainResult.Forward) decide();
		assertThat(this.seen.get(1).head().headers().first("x-a")).isEqualTo("1");
		assertThat(this.seen.get(2).head().headers().contains("x-s")).isFalse();
		assertThat(forward.request().annotations()).isEqualTo(Map.of("a.k", "v"));
		assertThat(forward.responseHeaders()).isEmpty();
		assertThat(forward.plugins()).hasSize(2);
		assertThat(agreements()).containsExactly(Agreement.WOULD_CHANGE);
	}

	@Test
	void itsDecisionIsComparedWithWhatWasDone() {
		shadow("same", Mono.just(Decision.Continue.UNCHANGED));
		shadow("denies", Mono.just(Requests.respond(403)));
		shadow("changes", Mono.just(CHANGE));
		shadow("fails", Mono.error(new PluginFailure.Timeout(new PluginId("fails"), "late")));
		decide();
		assertThat(agreements()).containsExactly(Agreement.SAME, Agreement.WOULD_DENY, Agreement.WOULD_CHANGE,
				Agreement.FAILED);
		assertThat(this.compared.get(1).detail()).isEqualTo("it would have answered 403; it was forwarded");
		assertThat(this.compared.get(3).detail()).startsWith("timeout: ");

		this.compared.clear();
		shadow("other", Mono.just(Requests.respond(429)));
		plugin("enforced", Requests.respond(403));
		shadow("behind", Mono.just(Decision.Continue.UNCHANGED));
		assertThat(decide()).isInstanceOf(ChainResult.Answer.class);
		assertThat(agreements()).containsExactly(Agreement.WOULD_ALLOW, Agreement.SAME, Agreement.WOULD_ALLOW,
				Agreement.FAILED, Agreement.WOULD_CHANGE);
	}

	@Test
	void aShadowThatAnswersLaterIsComparedLater() {
		Sinks.One<Decision> answer = Sinks.one();
		shadow("s", answer.asMono());
		plugin("a", Requests.respond(403));
		decide();
		assertThat(this.compared).isEmpty();
		answer.tryEmitValue(Requests.respond(403));
		assertThat(agreements()).containsExactly(Agreement.SAME);
	}

	@Test
	void ifTheClientLeavesTheCallIsCancelled() {
		Sinks.One<Decision> answer = Sinks.one();
		shadow("s", answer.asMono());
		this.chain.add(new Filled(TestSpec.named("a").build(), (event, budget) -> Mono.never()));
		this.plugins.start(Requests.get("/")).decide(RequestBody.ABSENT).subscribe().dispose();
		assertThat(answer.currentSubscriberCount()).isZero();
		assertThat(this.compared).isEmpty();
	}

	@Test
	void itDemandsNothingOfTheBody() {
		this.chain.add(entry(TestSpec.named("s").shadow().body(BodyMode.FULL, 0), Mono.never()));
		assertThat(this.plugins.start(Requests.post("/pks/add")).bodyDemand()).isEqualTo(BodyDemand.NONE);
		this.chain.add(entry(TestSpec.named("a").body(BodyMode.PREFIX, 10), Mono.never()));
		this.chain.add(entry(TestSpec.named("t").shadow().body(BodyMode.PREFIX, 100), Mono.never()));
		assertThat(this.plugins.start(Requests.post("/pks/add")).bodyDemand())
			.isEqualTo(new BodyDemand(BodyMode.PREFIX, 10));
	}

	@Test
	void withoutShadowsNothingIsTapped() {
		this.chain.add(entry(TestSpec.named("a").body(BodyMode.FULL, 0), Mono.never()));
		this.chain.add(entry(TestSpec.named("blind").shadow().granted(Capability.HTTP_RESPONSE),
				Mono.error(new AssertionError("expected: not asked"))));
		assertThat(this.plugins.start(Requests.post("/pks/add")).bodyTap()).isNull();
	}

	@Test
	void whenTheChainHasDecidedItWaitsForTheBody() {
		this.chain.add(entry(TestSpec.named("full").shadow().body(BodyMode.FULL, 0), Mono.just(CHANGE)));
		this.chain.add(entry(TestSpec.named("prefix").shadow().body(BodyMode.PREFIX, 4), Mono.just(CHANGE)));
		this.chain.add(entry(TestSpec.named("none").shadow(), Mono.just(CHANGE)));
		BodyTap tap = forwarded(RequestBody.withheld(6));
		assertThat(this.seen).extracting((event) -> event.body().state()).containsExactly(RequestBody.State.WITHHELD);
		tap.next(Requests.bytes("ab"));
		assertThat(this.seen).hasSize(1);
		tap.next(Requests.bytes("cde"));
		assertThat(this.seen).hasSize(2);
		assertThat(this.seen.get(1).body())
			.isEqualTo(new RequestBody(RequestBody.State.PREFIX, Requests.bytes("abcd"), 6));
		tap.next(Requests.bytes("f"));
		assertThat(this.seen.get(2).body()).isEqualTo(Requests.body("abcdef"));
		assertThat(tap.isWanted()).isFalse();
		assertThat(agreements()).hasSize(3).containsOnly(Agreement.WOULD_CHANGE);
	}

	@Test
	void whatTheChainHeldIsAtHand() {
		this.chain.add(entry(TestSpec.named("full").shadow().body(BodyMode.FULL, 0), Mono.just(CHANGE)));
		this.chain.add(entry(TestSpec.named("prefix").shadow().body(BodyMode.PREFIX, 4), Mono.just(CHANGE)));
		BodyTap tap = forwarded(new RequestBody(RequestBody.State.PREFIX, Requests.bytes("abcde"), 9));
		assertThat(this.seen).extracting((event) -> Requests.text(event.body().bytes())).containsExactly("abcd");
		tap.whole(Requests.bytes("abcdefghi"));
		assertThat(this.seen.get(1).body()).isEqualTo(Requests.body("abcdefghi"));

		this.seen.clear();
		assertThat(forwarded(Requests.body("abcdef")).isWanted()).isFalse();
		assertThat(this.seen).extracting((event) -> Requests.text(event.body().bytes()))
			.containsExactly("abcdef", "abcd");
	}

	@Test
	void ifTheBodyDoesNotComeItIsNotAsked() {
		this.chain.add(entry(TestSpec.named("full").shadow().body(BodyMode.FULL, 0), Mono.never()));
		this.chain.add(entry(TestSpec.named("prefix").shadow().body(BodyMode.PREFIX, 4), Mono.never()));
		BodyTap tap = forwarded(RequestBody.withheld(-1));
		tap.next(Requests.bytes("abc"));
		tap.close("it broke off");
		tap.close("and so on");
		assertThat(this.compared).extracting(ShadowOutcome::agreement, ShadowOutcome::detail)
			.containsExactly(tuple(Agreement.SKIPPED, "it broke off"), tuple(Agreement.SKIPPED, "it broke off"));
		tap.end();
		assertThat(this.seen).isEmpty();
	}

	@Test
	void ofABodyThatAnotherPluginHasReplacedItSeesTheOtherOne() {
		this.chain.add(entry(TestSpec.named("a").body(BodyMode.FULL, 0), Mono.just(new Decision.Continue(List.of(),
				null, new BodyReplacement(Requests.bytes("other"), null), List.of(), Map.of(), "", Duration.ZERO))));
		this.chain.add(entry(TestSpec.named("s").shadow().body(BodyMode.FULL, 0), Mono.never()));
		assertThat(forwarded(Requests.body("client's")).isWanted()).isFalse();
		assertThat(Requests.text(this.seen.get(1).body().bytes())).isEqualTo("other");
	}

	/** Two see the whole body, two a part of it, and none of them the password. */
	@Test
	void whatPluginsOfEqualViewSeeIsBuiltOnceForThemAndForShadows() {
		this.chain.add(entry(TestSpec.named("full").shadow().body(BodyMode.FULL, 0), Mono.never()));
		this.chain.add(entry(TestSpec.named("a").body(BodyMode.FULL, 0).speculative(),
				Mono.just(Decision.Continue.UNCHANGED)));
		this.chain.add(entry(TestSpec.named("b").body(BodyMode.PREFIX, 4).speculative(),
				Mono.just(Decision.Continue.UNCHANGED)));
		this.chain.add(entry(TestSpec.named("prefix").shadow().body(BodyMode.PREFIX, 4), Mono.never()));
		RequestEvent request = Requests.post("/pks/add");
		request = request.withHead(request.head()
			.withHeaders(request.head().headers().with("Authorization", "Basic c2VjcmV0OnNlY3JldA==")));
		assertThat(this.plugins.start(request).decide(Requests.body("abcdef")).block(Duration.ofSeconds(5)))
			.isInstanceOf(ChainResult.Forward.class);
		sharedByTwoAndTwo();
		this.seen.clear();
		this.plugins.rehearsal((entry, shown, left) -> {
			this.seen.add(shown);
			return Mono.just(new Reply.Decided<>(Decision.Continue.UNCHANGED));
		}).start(request).decide(Requests.body("abcdef")).block(Duration.ofSeconds(5));
		sharedByTwoAndTwo();
	}

	private void sharedByTwoAndTwo() {
		assertThat(this.seen).hasSize(4);
		assertThat(this.seen.get(0).head().headers().contains("authorization")).isFalse();
		assertThat(this.seen.get(0).body()).isEqualTo(Requests.body("abcdef"));
		assertThat(this.seen.get(1)).isSameAs(this.seen.get(0));
		assertThat(Requests.text(this.seen.get(2).body().bytes())).isEqualTo("abcd");
		assertThat(this.seen.get(3)).isSameAs(this.seen.get(2));
	}

	@Test
	void inARehearsalItsDecisionIsAmongTheOutcomes() {
		shadow("s", Mono.never());
		plugin("a", Decision.Continue.UNCHANGED);
		ChainResult result = this.plugins
			.rehearsal((entry, shown,
					left) -> Mono.just(entry.spec().id().name().equals("s") ? new Reply.Decided<>(Requests.respond(403))
							: new Reply.NotAsked<>("x")))
			.start(Requests.get("/"))
			.decide(RequestBody.ABSENT)
			.block(Duration.ofSeconds(5));
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		assertThat(result.outcomes()).extracting(PluginOutcome::kind)
			.containsExactly(PluginOutcome.Kind.SHADOW, PluginOutcome.Kind.SKIPPED);
		assertThat(this.told).isEmpty();
	}

	private void shadow(String name, Mono<Decision> decision) {
		this.chain.add(entry(TestSpec.named(name).shadow(), decision));
	}

	private void plugin(String name, Decision decision) {
		this.chain.add(entry(TestSpec.named(name), Mono.just(decision)));
	}

	private PluginRegistry.Entry entry(TestSpec spec, Mono<Decision> decision) {
		return new Filled(spec.build(), (event, budget) -> {
			this.seen.add(event);
			return decision;
		});
	}

	/** Decides, which must not wait for the rest of the body. */
	private BodyTap forwarded(RequestBody body) {
		ChainRun run = this.plugins.start(Requests.post("/pks/add"));
		assertThat(run.decide(body).block(Duration.ofSeconds(5))).isInstanceOf(ChainResult.Forward.class);
		BodyTap tap = run.bodyTap();
		assertThat(tap).isNotNull();
		return tap;
	}

	private ChainResult decide() {
		ChainResult result = this.plugins.start(Requests.get("/"))
			.decide(RequestBody.ABSENT)
			.block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		return result;
	}

	private List<Agreement> agreements() {
		return this.compared.stream().map(ShadowOutcome::agreement).toList();
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		this.told.add(outcome.plugin().name());
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		this.compared.add(outcome);
	}

}
