package org.hkpgateway.antiabuse.rule;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Standing;

import org.jspecify.annotations.Nullable;

/**
 * What a rule says of a request.
 */
public sealed interface Verdict {

	/** {@link Pass}, as most rules say at once: may be compared by identity. */
	CompletionStage<Verdict> PASSED = CompletableFuture.completedFuture(new Pass());

	/**
	 * A refusal, now.
	 * @param rule the rule's name
	 * @param status for the client
	 * @param text a sentence for the client
	 * @param reason for the operator
	 * @return the verdict
	 */
	static CompletionStage<Verdict> refused(String rule, int status, String text, String reason) {
		return CompletableFuture.completedFuture(new Refused(rule, status, text, reason, null));
	}

	/** Nothing against it. */
	record Pass() implements Verdict {
	}

	/**
	 * A reason to refuse it.
	 *
	 * @param rule the rule's name
	 * @param status for the client
	 * @param text a sentence for the client
	 * @param reason for the operator: neither what was searched for nor who did
	 * @param block the block that it is about; null if only this request is refused
	 */
	record Refused(String rule, int status, String text, String reason,
			Standing.@Nullable Blocked block) implements Verdict {

		/**
		 * Makes a refusal of what there is against a client.
		 * @param block its block
		 * @param client the client
		 * @return 429 with a sentence that fits the rule
		 */
		static Refused of(Standing.Blocked block, ClientKey client) {
			boolean aggregate = client.equals(ClientKey.AGGREGATE);
			String from = aggregate ? "addresses such as yours" : "your address";
			long seconds = seconds(block.remaining());
			String text = switch (block.rule()) {
				case HarvestRule.NAME -> "Too many different searches from " + from + ".";
				case ErrorsRule.NAME -> "Too many requests from " + from + " for what is not here.";
				default -> "Too many requests from " + from + ".";
			};
			return new Refused(block.rule(), 429,
					text + " Please try again in " + seconds + ((seconds == 1) ? " second." : " seconds."),
					"more than " + block.limit() + ", block " + block.strike()
							+ (aggregate ? " of the aggregate" : " of this client"),
					block);
		}

		/**
		 * Seconds, rounded up.
		 * @param remaining of a block
		 * @return at least 1
		 */
		public static long seconds(Duration remaining) {
			return Math.max(1, remaining.plusNanos(999_999_999).toSeconds());
		}

	}

}
