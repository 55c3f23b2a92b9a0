package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginClient;
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
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins that are granted {@code http.response} without {@code http.request}: they see
 * answers, and no requests.
 */
class AnswersOnlyTests {

	private final List<String> asked = new ArrayList<>();

	private final List<ResponseEvent> seen = new ArrayList<>();

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final PluginChain plugins = new PluginChain(() -> List.copyOf(this.chain), Duration.ofSeconds(1),
			Duration.ofSeconds(1), (request, outcome) -> {
			}, () -> 0);

	@Test
	void theyAreNotAskedAboutTheRequestAndSeeTheAnswerInTheirPlace() {
		add(both("a"));
		add(answersOnly("b"));
		add(both("c"));
		ChainRun run = run();
		assertThat(run.seats()).extracting((seat) -> seat.spec().id() + " " + seat.stage() + " " + seat.reviews())
			.containsExactly("a 1 true", "b 0 true", "c 2 true");
		ChainResult.Forward forward = forward(run);
		assertThat(this.asked).containsExactly("a", "c");
		assertThat(review(forward).all("x-by")).containsExactly("c", "b", "a");
		assertThat(forward.outcomes()).hasSize(2);
	}

	@Test
	void theySeeNothingOfTheRequestAndNoNotesAboutIt() {
		add(answersOnly("a"));
		add(both("b"));
		review(forward(run()));
		assertThat(this.seen).extracting(ResponseEvent::requestShown).containsExactly(true, false);
		assertThat(this.seen.get(0).request().annotations()).containsEntry("b.note", "1");
		assertThat(this.seen.get(1).request().annotations()).isEmpty();
	}

	@Test
	void theyAloneMakeNoRequestWait() {
		add(answersOnly("a").body(BodyMode.FULL, 0));
		ChainRun run = run();
		assertThat(run.isEmpty()).isTrue();
		assertThat(run.bodyDemand()).isEqualTo(BodyDemand.NONE);
		assertThat(review(forward(run)).all("x-by")).containsExactly("a");
		assertThat(this.asked).isEmpty();
	}

	@Test
	void theyPartNoStageAndAreNotAskedEarly() {
		add(both("a").speculative());
		add(answersOnly("b").speculative());
		add(answersOnly("c"));
		add(both("d").speculative());
		assertThat(run().seats()).extracting(Seat::stage).containsExactly(1, 0, 0, 1);
		forward(run());
		assertThat(this.asked).containsExactly("a", "d");
	}

	@Test
	void matchRulesHoldForThemAndInShadowModeTheySeeNothing() {
		add(answersOnly("a").match(new MatchRules(Set.of("POST"), Set.of(), List.of(), List.of())));
		add(answersOnly("b").shadow());
		ChainResult.Forward forward = forward(run());
		assertThat(forward.outcomes()).extracting((outcome) -> outcome.plugin() + " " + outcome.kind())
			.containsExactly("a SKIPPED");
		assertThat(forward.plugins()).isEmpty();
		assertThat(this.plugins.review(forward, CallSpans.NONE)).isNull();
	}

	@Test
	void aGenerationThatSeesRequestsIsNotAskedAboutOneThatWasBegunWithoutIt() {
		Place next = new Place(both("a").build(), null);
		add(answersOnly("a"));
		((Place) this.chain.get(0)).current = next;
		ChainResult.Forward forward = forward(run());
		assertThat(this.asked).isEmpty();
		assertThat(forward.plugins()).isEmpty();
	}

	private ChainRun run() {
		return this.plugins.start(Requests.get("/"));
	}

	private static ChainResult.Forward forward(ChainRun run) {
		return (ChainResult.Forward) run.decide(Requests.body("x")).block(Duration.ofSeconds(5));
	}

	private Headers review(ChainResult.Forward forward) {
		return this.plugins.review(forward, CallSpans.NONE)
			.of(200, Headers.empty(), Duration.ZERO)
			.block(Duration.ofSeconds(5));
	}

	private static TestSpec both(String name) {
		return TestSpec.named(name).granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPONSE);
	}

	private static TestSpec answersOnly(String name) {
		return TestSpec.named(name).granted(Capability.HTTP_RESPONSE, Capability.HTTP_REQUEST_BODY);
	}

	private void add(TestSpec spec) {
		this.chain.add(new Place(spec.build(), null));
	}

	/** A place whose plugin notes what it is asked, and may have been replaced. */
	private final class Place implements PluginRegistry.Entry, PluginClient, ResponseClient {

		private final PluginSpec spec;

		private @Nullable Place current;

		Place(PluginSpec spec, @Nullable Place current) {
			this.spec = spec;
			this.current = current;
		}

		@Override
		public PluginSpec spec() {
			return this.spec;
		}

		@Override
		public PluginClient client() {
			return this;
		}

		@Override
		public PluginRegistry.Entry current() {
			return (this.current != null) ? this.current : this;
		}

		@Override
		public Mono<Decision> decide(RequestEvent event, Duration budget) {
			AnswersOnlyTests.this.asked.add(this.spec.id().name());
			return Mono.just(new Decision.Continue(List.of(), List.of(), Map.of("note", "1"), ""));
		}

		@Override
		public ResponseClient responses() {
			return this;
		}

		@Override
		public Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
			AnswersOnlyTests.this.seen.add(event);
			return Mono.just(new ResponseDecision(List.of(new HeaderMutation.Append("X-By", this.spec.id().name())),
					Map.of(), ""));
		}

	}

}
