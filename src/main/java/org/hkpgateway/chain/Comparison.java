package org.hkpgateway.chain;

import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;

/** Compares what a shadow would have done with what was done. Pure functions. */
final class Comparison {

	private Comparison() {
	}

	static ShadowOutcome of(PluginId plugin, Answered answered, Done result) {
		Reply<Decision> reply = answered.reply();
		if (reply instanceof Reply.NotAsked<Decision> notAsked) {
			return new ShadowOutcome(plugin, Agreement.SKIPPED, notAsked.why(), 0);
		}
		if (reply instanceof Reply.Failed<Decision> failed) {
			PluginFailure failure = failed.failure();
			return new ShadowOutcome(plugin,
					(failure instanceof PluginFailure.TooLarge) ? Agreement.SKIPPED : Agreement.FAILED,
					failure.kind() + ": " + failure.getMessage(), answered.nanos());
		}
		Decision decision = ((Reply.Decided<Decision>) reply).decision();
		Agreement agreement = agreement(decision, result);
		String detail = (agreement == Agreement.SAME) ? "" : words(decision) + "; " + words(result);
		return new ShadowOutcome(plugin, agreement, detail, answered.nanos());
	}

	private static Agreement agreement(Decision decision, Done result) {
		if (decision instanceof Decision.Respond respond) {
			if (result.isAnswer()) {
				return (ChainAnswers.status(respond) == result.status()) ? Agreement.SAME : Agreement.WOULD_CHANGE;
			}
			return Agreement.WOULD_DENY;
		}
		if (result.isAnswer()) {
			return Agreement.WOULD_ALLOW;
		}
		return changes((Decision.Continue) decision) ? Agreement.WOULD_CHANGE : Agreement.SAME;
	}

	private static boolean changes(Decision.Continue decision) {
		return decision.changesRequest() || !decision.responseHeaders().isEmpty() || !decision.delay().isZero();
	}

	private static String words(Decision decision) {
		String what = "it would have let it go on";
		if (decision instanceof Decision.Respond respond) {
			what = "it would have answered " + ChainAnswers.status(respond);
		}
		else if (changes((Decision.Continue) decision)) {
			what = "it would have changed it";
		}
		return decision.reason().isEmpty() ? what : what + " (" + decision.reason() + ")";
	}

	private static String words(Done result) {
		return result.isAnswer() ? "it was answered " + result.status() : "it was forwarded";
	}

}
