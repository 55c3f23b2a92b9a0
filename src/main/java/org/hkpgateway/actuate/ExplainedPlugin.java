package org.hkpgateway.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.Seat;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.TargetRewrite;
import org.jspecify.annotations.Nullable;

/**
 * One plugin of an explanation.
 *
 * @param name its name
 * @param order place in the chain
 * @param mode enforce or shadow
 * @param stage number of the group that is asked at the same time, from 1; null if it is
 * in none
 * @param outcome as in the access log; or not-called, because it would have changed its
 * state, answers-only, because it sees no requests, no-part, because it sees neither
 * requests nor answers, or not-reached, because the request had ended before
 * @param why the reason that the plugin gave, the failure, or what does not match
 * @param called whether it was asked
 * @param forced whether it was asked although it may have changed its state
 * @param millis how long its answer took; null if it was not asked
 * @param changes what it wants changed, in words; of a shadow, what it would want
 * @param status of its answer; null if it gives none
 * @param delayMillis how long it wants the request held; null for not at all
 * @param annotations its notes
 */
record ExplainedPlugin(String name, int order, String mode, @Nullable Integer stage, String outcome, String why,
		boolean called, boolean forced, @Nullable Double millis, List<String> changes, @Nullable Integer status,
		@Nullable Long delayMillis, Map<String, String> annotations) {

	/**
	 * Makes the view.
	 * @param seat its place
	 * @param outcome what came of it; null if nothing did
	 * @param notCalled whether it was not asked because it would have changed its state
	 * @param forced whether it was asked although it may have changed its state
	 * @param forwarded whether a keyserver would answer
	 */
	static ExplainedPlugin of(Seat seat, @Nullable PluginOutcome outcome, boolean notCalled, boolean forced,
			boolean forwarded) {
		PluginOutcome asked = (outcome != null && outcome.kind() != PluginOutcome.Kind.SKIPPED) ? outcome : null;
		Decision decision = (asked != null) ? asked.decision() : null;
		return new ExplainedPlugin(seat.spec().id().name(), seat.spec().order(),
				seat.spec().mode().name().toLowerCase(Locale.ROOT), (seat.stage() > 0) ? seat.stage() : null,
				label(seat, outcome, notCalled, forwarded), why(seat, outcome, notCalled, forwarded), asked != null,
				forced, (asked != null) ? ExplanationView.millis(asked.nanos()) : null, changes(decision),
				(decision instanceof Decision.Respond respond) ? respond.head().status() : null,
				(decision != null && !decision.delay().isZero()) ? decision.delay().toMillis() : null,
				(decision != null) ? new TreeMap<>(decision.annotations()) : Map.of());
	}

	private static String label(Seat seat, @Nullable PluginOutcome outcome, boolean notCalled, boolean forwarded) {
		if (outcome != null || notCalled) {
			return (notCalled || outcome == null) ? "not-called" : outcome.kind().label();
		}
		if (seat.onlyReviews() && !seat.reviews()) {
			return "no-part";
		}
		return (seat.onlyReviews() && forwarded) ? "answers-only" : "not-reached";
	}

	private static String why(Seat seat, @Nullable PluginOutcome outcome, boolean notCalled, boolean forwarded) {
		if (outcome == null && notCalled) {
			return "";
		}
		if (outcome == null) {
			return switch (label(seat, null, false, forwarded)) {
				case "answers-only" -> "it is not granted http.request";
				case "no-part" -> "it is not granted http.request, and shown no answers: "
						+ ((seat.spec().mode() == PluginMode.SHADOW) ? "it is in shadow mode"
								: "it does not run, or does not declare the feature response");
				default -> "the request ended before";
			};
		}
		boolean unmatched = outcome.kind() == PluginOutcome.Kind.SKIPPED && !notCalled;
		return unmatched ? "does not match: " + outcome.detail() : outcome.detail();
	}

	private static List<String> changes(@Nullable Decision decision) {
		List<String> changes = new ArrayList<>();
		if (decision instanceof Decision.Continue next) {
			TargetRewrite rewrite = next.rewrite();
			if (rewrite != null && rewrite.path() != null) {
				changes.add("path: " + rewrite.path());
			}
			if (rewrite != null && rewrite.query() != null) {
				changes.add("query: " + rewrite.query());
			}
			if (next.body() != null) {
				changes.add("body: " + next.body().bytes().remaining() + " bytes");
			}
			next.requestHeaders().forEach((mutation) -> changes.add("request header: " + text(mutation)));
			next.responseHeaders().forEach((mutation) -> changes.add("response header: " + text(mutation)));
		}
		return changes;
	}

	static String text(HeaderMutation mutation) {
		if (mutation instanceof HeaderMutation.Set set) {
			return "set " + set.name() + ": " + set.value();
		}
		return (mutation instanceof HeaderMutation.Append append) ? "add " + append.name() + ": " + append.value()
				: "remove " + mutation.name();
	}

}
