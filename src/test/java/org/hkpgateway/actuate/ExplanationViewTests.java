package org.hkpgateway.actuate;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.Seat;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proxy.Explanation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExplanationView}.
 */
class ExplanationViewTests {

	private static final Explanation.Result FORWARD = forward();

	private static final Explanation.Result ANSWER = new Explanation.Answer(new ResponseHead(403, Headers.empty()),
			ByteBuffer.allocate(0));

	@Test
	void whoSeesAnswersOnlyDoesSoIfThereIsOne() {
		Seat seat = new Seat(answersOnly().build(), 0, true);
		assertThat(outcome(seat, FORWARD)).isEqualTo("answers-only: it is not granted http.request");
		assertThat(outcome(seat, ANSWER)).isEqualTo("not-reached: the request ended before");
	}

	@Test
	void whoSeesNeitherRequestsNorAnswersHasNoPart() {
		String blind = "no-part: it is not granted http.request, and shown no answers: ";
		for (Explanation.Result result : List.of(FORWARD, ANSWER)) {
			assertThat(outcome(new Seat(answersOnly().shadow().build(), 0, false), result))
				.isEqualTo(blind + "it is in shadow mode");
			assertThat(outcome(new Seat(answersOnly().build(), 0, false), result))
				.isEqualTo(blind + "it does not run, or does not declare the feature response");
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					OPEN | CLOSED | enforce | The circuit breaker of a is open. It would not be shown a real request, and the request would be answered 500 (fail: closed).
					OPEN | OPEN | enforce | The circuit breaker of a is open. It would not be shown a real request, and the request would go on without it (fail: open).
					OPEN | CLOSED | shadow | The circuit breaker of a is open. It would not be shown a real request, and nothing would be compared.
					HALF_OPEN | CLOSED | enforce | The circuit breaker of a is half open. It is shown few real requests; if it were not, the request would be answered 500 (fail: closed).
					CLOSED | CLOSED | enforce | -
					""")
	void whatAnOpenBreakerWouldDoIsNoted(BreakerState state, FailPolicy fail, String mode, @Nullable String note) {
		TestSpec spec = TestSpec.named("a").granted(Capability.HTTP_REQUEST).fail(fail);
		PluginSpec plugin = mode.equals("shadow") ? spec.shadow().build() : spec.build();
		PluginOutcome continued = new PluginOutcome(plugin.id(), PluginOutcome.Kind.CONTINUED, "", "", 1, 1,
				Decision.Continue.UNCHANGED);
		assertThat(notes(plugin, state, null, Set.of(), FORWARD, continued))
			.isEqualTo((note != null) ? List.of(note) : List.of());
	}

	@Test
	void whoeverIsNotCalledForItsStateIsNotSpared() {
		PluginSpec plugin = TestSpec.named("a").granted(Capability.HTTP_REQUEST).build();
		assertThat(notes(plugin, BreakerState.OPEN, null, Set.of(plugin.id()), FORWARD,
				new PluginOutcome(plugin.id(), PluginOutcome.Kind.SKIPPED, "", "", 0, 0, null)))
			.anyMatch((note) -> note.startsWith("The circuit breaker of a is open."));
	}

	@Test
	void aBreakerThatTheRequestDoesNotComeToIsNot() {
		PluginSpec plugin = TestSpec.named("a").granted(Capability.HTTP_REQUEST).build();
		assertThat(notes(plugin, BreakerState.OPEN, BreakerState.OPEN, Set.of(), ANSWER)).isEmpty();
		assertThat(notes(plugin, BreakerState.OPEN, BreakerState.OPEN, Set.of(), ANSWER,
				new PluginOutcome(plugin.id(), PluginOutcome.Kind.SKIPPED, "paths", "", 0, 0, null)))
			.isEmpty();
	}

	@Test
	void theBreakerOfTheOtherPhaseHasItsOwnNote() {
		assertThat(notes(answersOnly().build(), BreakerState.CLOSED, BreakerState.OPEN, Set.of(),
				forward(new PluginId("a"))))
			.containsExactly("The circuit breaker of a for answers is open. It would not be shown a real answer, and "
					+ "it would pass without it.");
	}

	private static TestSpec answersOnly() {
		return TestSpec.named("a").granted(Capability.HTTP_RESPONSE);
	}

	private static Explanation.Result forward(PluginId... reviewers) {
		return new Explanation.Forward("GET", "/", Headers.empty(), 0, false, true, List.of(), List.of(),
				List.of(reviewers));
	}

	private static String outcome(Seat seat, Explanation.Result result) {
		ExplainedPlugin plugin = ExplanationView
			.of(new Explanation(null, List.of(seat), ChainTrace.EMPTY, Set.of(), Set.of(), result, 0), List.of())
			.plugins()
			.get(0);
		return plugin.outcome() + ": " + plugin.why();
	}

	private static List<String> notes(PluginSpec plugin, BreakerState requests, @Nullable BreakerState responses,
			Set<PluginId> notCalled, Explanation.Result result, PluginOutcome... outcomes) {
		ChainTrace trace = new ChainTrace(List.of(outcomes), List.of(), Map.of(), null, 0);
		Explanation explanation = new Explanation(null, List.of(new Seat(plugin, 1, false)), trace, Set.of(), notCalled,
				result, 0);
		return ExplanationView.of(explanation, List.of(status(plugin, requests, responses))).notes();
	}

	private static PluginStatus status(PluginSpec spec, BreakerState requests, @Nullable BreakerState responses) {
		return new PluginStatus(spec.id(), spec.version(), "here", true, PluginState.READY, Instant.EPOCH, "",
				OptionalLong.empty(), 0, 1, List.of(), null, List.of(), spec.order(), spec.mode(), spec.speculative(),
				spec.match(), spec.required(), spec.fail(), spec.requested(), spec.granted(), null, null, null,
				guards(requests), (responses != null) ? guards(responses) : null, null, null);
	}

	private static GuardStatus guards(BreakerState state) {
		return new GuardStatus(new BreakerStatus(state, -1, -1, 0, 0), LatencyStatus.NONE, 0, 1);
	}

}
