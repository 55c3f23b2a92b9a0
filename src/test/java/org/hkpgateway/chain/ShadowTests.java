package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

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
			Schedulers.immediate());

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
	void itsDemandForTheBodyIsOnlyAWish() {
		this.chain.add(entry(TestSpec.named("s").shadow().body(BodyMode.PREFIX, 100), Mono.never()));
		assertThat(this.plugins.start(Requests.post("/pks/add")).bodyDemand())
			.isEqualTo(new BodyDemand(BodyMode.NONE, 0, 100));
		this.chain.add(entry(TestSpec.named("a").body(BodyMode.PREFIX, 10), Mono.never()));
		this.chain.add(entry(TestSpec.named("t").shadow().body(BodyMode.FULL, 0), Mono.never()));
		assertThat(this.plugins.start(Requests.post("/pks/add")).bodyDemand()).isEqualTo(
				new BodyDemand(BodyMode.PREFIX, 10, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES - BodyDemand.EVENT_HEADROOM));
	}

	@Test
	void withoutWhatItNeedsOfTheBodyItIsNotAsked() {
		this.chain.add(entry(TestSpec.named("full").shadow().body(BodyMode.FULL, 0), Mono.never()));
		this.chain.add(entry(TestSpec.named("prefix").shadow().body(BodyMode.PREFIX, 4), Mono.never()));
		for (RequestBody body : List.of(RequestBody.withheld(9),
				new RequestBody(RequestBody.State.PREFIX, Requests.bytes("abc"), 9))) {
			this.compared.clear();
			this.plugins.start(Requests.post("/pks/add")).decide(body).block(Duration.ofSeconds(5));
			assertThat(agreements()).containsExactly(Agreement.SKIPPED, Agreement.SKIPPED);
		}
		assertThat(this.seen).isEmpty();
		this.plugins.start(Requests.post("/pks/add"))
			.decide(new RequestBody(RequestBody.State.PREFIX, Requests.bytes("abcd"), 9))
			.block(Duration.ofSeconds(5));
		assertThat(this.seen).hasSize(1);
	}

	@Test
	void bodiesThatShadowsKeepAreBounded() {
		this.chain.add(entry(TestSpec.named("s").shadow().body(BodyMode.FULL, 0), Mono.never()));
		RequestBody large = RequestBody.complete(ByteBuffer.allocate((int) (Shadows.MAX_BODY_BYTES / 2)));
		for (int i = 0; i < 3; i++) {
			this.plugins.start(Requests.post("/pks/add")).decide(large).block(Duration.ofSeconds(5));
		}
		assertThat(this.seen).hasSize(2);
		assertThat(agreements()).containsExactly(Agreement.SKIPPED);
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
