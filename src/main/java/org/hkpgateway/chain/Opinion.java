package org.hkpgateway.chain;

import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;

/**
 * What a shadow would have done, without the bytes that it would have done it with: it
 * may wait long for what it is compared with.
 *
 * @param kind what
 * @param status of its answer; 0 if it would not have answered
 * @param detail the reason that it gave, or why it has none
 * @param nanos how long it took; 0 if it was not asked
 */
record Opinion(Kind kind, int status, String detail, long nanos) {

	static Opinion notAsked(String why) {
		return new Opinion(Kind.SKIPPED, 0, why, 0);
	}

	static Opinion of(Reply<Decision> reply, long nanos) {
		if (reply instanceof Reply.NotAsked<Decision> notAsked) {
			return notAsked(notAsked.why());
		}
		if (reply instanceof Reply.Failed<Decision> failed) {
			PluginFailure failure = failed.failure();
			return new Opinion((failure instanceof PluginFailure.TooLarge) ? Kind.SKIPPED : Kind.FAILED, 0,
					failure.kind() + ": " + failure.getMessage(),
					PluginOutcome.neverSent(failure.kind(), nanos) ? 0 : nanos);
		}
		Decision decision = ((Reply.Decided<Decision>) reply).decision();
		if (decision instanceof Decision.Respond respond) {
			return new Opinion(Kind.ANSWER, ChainAnswers.status(respond), decision.reason(), nanos);
		}
		return new Opinion(changes((Decision.Continue) decision) ? Kind.CHANGE : Kind.PASS, 0, decision.reason(),
				nanos);
	}

	private static boolean changes(Decision.Continue decision) {
		return decision.changesRequest() || !decision.responseHeaders().isEmpty() || !decision.delay().isZero();
	}

	/**
	 * Compares it with what was done.
	 * @param plugin whose it is
	 * @param result what was done
	 * @return both, in a word and in many
	 */
	ShadowOutcome comparedWith(PluginId plugin, Done result) {
		Agreement agreement = agreement(result);
		String words = switch (agreement) {
			case SAME -> "";
			case FAILED, SKIPPED -> this.detail;
			case WOULD_ALLOW, WOULD_CHANGE, WOULD_DENY -> words() + "; " + words(result);
		};
		return new ShadowOutcome(plugin, agreement, words, this.nanos);
	}

	private Agreement agreement(Done result) {
		return switch (this.kind) {
			case SKIPPED -> Agreement.SKIPPED;
			case FAILED -> Agreement.FAILED;
			case ANSWER -> !result.isAnswer() ? Agreement.WOULD_DENY
					: (this.status == result.status()) ? Agreement.SAME : Agreement.WOULD_CHANGE;
			case CHANGE -> result.isAnswer() ? Agreement.WOULD_ALLOW : Agreement.WOULD_CHANGE;
			case PASS -> result.isAnswer() ? Agreement.WOULD_ALLOW : Agreement.SAME;
		};
	}

	private String words() {
		String what = switch (this.kind) {
			case ANSWER -> "it would have answered " + this.status;
			case CHANGE -> "it would have changed it";
			case PASS, FAILED, SKIPPED -> "it would have let it go on";
		};
		return this.detail.isEmpty() ? what : what + " (" + this.detail + ")";
	}

	private static String words(Done result) {
		return result.isAnswer() ? "it was answered " + result.status() : "it was forwarded";
	}

	/** What it comes to. */
	enum Kind {

		/** It would have let it go on as it is. */
		PASS,
		/** It would have changed or delayed it. */
		CHANGE,
		/** It would have answered. */
		ANSWER,
		/** It failed. */
		FAILED,
		/** It was not asked. */
		SKIPPED

	}

}
