package org.hkpgateway.antiabuse.rule;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Ledger;
import org.hkpgateway.antiabuse.ledger.Standing;
import org.hkpgateway.sdk.Request;

import org.jspecify.annotations.Nullable;

/**
 * Refuses what comes from a client that is blocked, whatever for. Of other clients it may
 * ask another rule.
 */
final class StandingBlocks implements Rule {

	private final Ledger ledger;

	private final @Nullable Rule otherwise;

	/**
	 * Makes the rule.
	 * @param ledger has the blocks
	 * @param otherwise is asked about clients that are not blocked, if it is not null
	 */
	StandingBlocks(Ledger ledger, @Nullable Rule otherwise) {
		this.ledger = ledger;
		this.otherwise = otherwise;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		CompletionStage<Standing> standing = this.ledger.standing(client, request.dryRun());
		if (standing == Standing.CLEAR) {
			return otherwise(request, client);
		}
		return standing.thenCompose((found) -> (found instanceof Standing.Blocked block)
				? CompletableFuture.<Verdict>completedFuture(Verdict.Refused.of(block, client))
				: otherwise(request, client));
	}

	private CompletionStage<Verdict> otherwise(Request request, ClientKey client) {
		return (this.otherwise != null) ? this.otherwise.judge(request, client) : Verdict.PASSED;
	}

	/** What is answered during a block does not count, as if it had been refused. */
	@Override
	public CompletionStage<Verdict> answered(Answer answer) {
		Rule rule = this.otherwise;
		if (rule == null) {
			return Verdict.PASSED;
		}
		CompletionStage<Standing> standing = this.ledger.standing(answer.client(), answer.dryRun());
		return (standing == Standing.CLEAR) ? rule.answered(answer) : standing
			.thenCompose((found) -> (found instanceof Standing.Blocked) ? Verdict.PASSED : rule.answered(answer));
	}

	/**
	 * Counts with a ledger.
	 * @param counted what there is against the client then
	 * @param client the client
	 * @return the verdict that follows from it
	 */
	static CompletionStage<Verdict> verdict(CompletionStage<Standing> counted, ClientKey client) {
		return (counted == Standing.CLEAR) ? Verdict.PASSED
				: counted.thenCompose((standing) -> (standing instanceof Standing.Blocked block)
						? CompletableFuture.<Verdict>completedFuture(Verdict.Refused.of(block, client))
						: Verdict.PASSED);
	}

}
