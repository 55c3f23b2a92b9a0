package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
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
 * Tests for {@link DryAsker} and the chain around it.
 */
class DryAskerTests {

	private final List<PluginRegistry.Entry> chain = new ArrayList<>();

	private final List<RequestEvent> seen = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	@Test
	void aPluginThatDeclaresTheFeatureIsAskedPastItsGuardsAndNobodyIsTold() {
		add(TestSpec.named("a"), Decision.Continue.UNCHANGED, true);
		DryAsker asker = new DryAsker(false);
		assertThat(decide(asker).outcomes()).extracting(PluginOutcome::kind)
			.containsExactly(PluginOutcome.Kind.CONTINUED);
		assertThat(this.seen).singleElement().matches(RequestEvent::dryRun);
		assertThat(this.told).isEmpty();
		assertThat(asker.forced()).isEmpty();
		assertThat(asker.notCalled()).isEmpty();
	}

	@Test
	void aPluginThatDoesNotDeclareItIsNotAsked() {
		add(TestSpec.named("a"), Requests.respond(403), false);
		DryAsker asker = new DryAsker(false);
		ChainResult result = decide(asker);
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		assertThat(result.outcomes())
			.extracting((outcome) -> outcome.plugin() + " " + outcome.kind() + " " + outcome.detail())
			.containsExactly("a SKIPPED does not declare dry_run");
		assertThat(this.seen).isEmpty();
		assertThat(asker.notCalled()).containsExactly(new PluginId("a"));
	}

	@Test
	void byForceItIsAskedAsAboutARealRequest() {
		add(TestSpec.named("a"), Requests.respond(403), false);
		DryAsker asker = new DryAsker(true);
		assertThat(decide(asker)).isInstanceOf(ChainResult.Answer.class);
		assertThat(this.seen).singleElement().matches((event) -> !event.dryRun());
		assertThat(asker.forced()).containsExactly(new PluginId("a"));
	}

	@Test
	void ofOneThatDoesNotRunThePolicyIsShown() {
		this.chain.add(new Entry(TestSpec.named("open").fail(FailPolicy.OPEN).build(), null));
		this.chain.add(new Entry(TestSpec.named("closed").fail(FailPolicy.CLOSED).build(), null));
		ChainResult result = decide(new DryAsker(false));
		assertThat(result).isInstanceOf(ChainResult.Answer.class);
		assertThat(result.outcomes()).extracting(PluginOutcome::kind)
			.containsExactly(PluginOutcome.Kind.FAILED_OPEN, PluginOutcome.Kind.FAILED_CLOSED);
	}

	@Test
	void shadowsAreAskedInTurnAndHaveNoEffect() {
		add(TestSpec.named("a").shadow(), Requests.respond(403), true);
		ChainResult result = decide(new DryAsker(false));
		assertThat(result).isInstanceOf(ChainResult.Forward.class);
		assertThat(result.outcomes()).singleElement()
			.matches((outcome) -> outcome.kind() == PluginOutcome.Kind.SHADOW
					&& outcome.decision() instanceof Decision.Respond);
	}

	@Test
	void seatsNumberTheStages() {
		add(TestSpec.named("a"), Decision.Continue.UNCHANGED, true);
		add(TestSpec.named("b").speculative(), Decision.Continue.UNCHANGED, true);
		add(TestSpec.named("c").shadow(), Decision.Continue.UNCHANGED, true);
		add(TestSpec.named("d").match(new MatchRules(Set.of("PUT"), Set.of(), List.of(), List.of())),
				Decision.Continue.UNCHANGED, true);
		add(TestSpec.named("e").speculative(), Decision.Continue.UNCHANGED, true);
		add(TestSpec.named("f"), Decision.Continue.UNCHANGED, true);
		assertThat(run(new DryAsker(false)).seats()).extracting((seat) -> seat.spec().id() + " " + seat.stage())
			.containsExactly("a 1", "b 2", "c 0", "d 0", "e 2", "f 3");
	}

	private ChainRun run(DryAsker asker) {
		return new PluginChain(() -> this.chain, Duration.ofSeconds(1), Duration.ofSeconds(1),
				(request, outcome) -> this.told.add(outcome.plugin().name()), System::nanoTime)
			.rehearsal(asker)
			.start(Requests.get("/pks/lookup?op=get&search=alice"));
	}

	private ChainResult decide(DryAsker asker) {
		ChainResult result = run(asker).decide(RequestBody.ABSENT).block(Duration.ofSeconds(5));
		assertThat(result).isNotNull();
		return result;
	}

	private void add(TestSpec spec, Decision decision, boolean declares) {
		this.chain.add(new Entry(spec.build(), new PluginClient() {

			@Override
			public Mono<Decision> decide(RequestEvent event, Duration budget) {
				DryAskerTests.this.seen.add(event);
				return Mono.just(decision);
			}

			@Override
			public boolean declaresDryRun() {
				return declares;
			}

		}));
	}

	/** Of which the guarded client must not be used. */
	private record Entry(PluginSpec spec, @Nullable PluginClient rehearsal) implements PluginRegistry.Entry {

		@Override
		public PluginClient client() {
			return (event, budget) -> Mono.error(new AssertionError("expected: not to be asked for real"));
		}

	}

}
