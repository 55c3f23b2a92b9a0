package org.hkpgateway.antiabuse.rule;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Ledger;
import org.hkpgateway.antiabuse.ledger.Offence;
import org.hkpgateway.antiabuse.ledger.Standing;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.jspecify.annotations.Nullable;

/**
 * {@code errors}: many look-ups that the keyserver answers with an error. Searches and
 * keys are counted apart: {@code gpg --refresh-keys} asks for each of its keys, and many
 * of them may be on no keyserver, but nobody searches in vain so often.
 */
final class ErrorsRule implements Rule {

	static final String NAME = "errors";

	private final Ledger ledger;

	private final Offence searches;

	private final Offence fetches;

	private final Statuses statuses;

	/**
	 * Makes the rule.
	 * @param ledger blocks
	 * @param searches counts searches that failed
	 * @param fetches counts keys that were not there
	 * @param statuses which answers are errors
	 */
	ErrorsRule(Ledger ledger, Offence searches, Offence fetches, Statuses statuses) {
		this.ledger = ledger;
		this.searches = searches;
		this.fetches = fetches;
		this.statuses = statuses;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		return Verdict.PASSED;
	}

	@Override
	public CompletionStage<Verdict> answered(Answer answer) {
		Offence offence = this.statuses.contains(answer.status()) ? offence(answer.operation()) : null;
		if (offence == null) {
			return Verdict.PASSED;
		}
		CompletionStage<Standing> counted = this.ledger.count(offence, answer.client(), 0, answer.dryRun());
		return (counted == Standing.CLEAR) ? Verdict.PASSED
				// A block that has begun before is told of with what it refuses.
				: counted.thenCompose((standing) -> (standing instanceof Standing.Blocked block && block.begins())
						? CompletableFuture.<Verdict>completedFuture(Verdict.Refused.of(block, answer.client()))
						: Verdict.PASSED);
	}

	private @Nullable Offence offence(Operation operation) {
		return switch (operation) {
			case LOOKUP_INDEX, LOOKUP_VINDEX, V2_INDEX -> this.searches;
			case LOOKUP_GET, LOOKUP_HGET, V2_CERTS_BY_VFINGERPRINT, V2_CERTS_BY_IDENTITY, V2_CERTS_BY_KEYID ->
				this.fetches;
			default -> null;
		};
	}

}
