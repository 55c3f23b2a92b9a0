package org.hkpgateway.antiabuse.rule;

import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.ledger.Ledger;
import org.hkpgateway.antiabuse.ledger.Offence;
import org.hkpgateway.sdk.Request;

/**
 * {@code rate-limit} and {@code hashquery-rate-limit}: every request counts, but of
 * clients that are blocked, whatever for.
 */
final class RateRule implements Rule {

	static final String NAME = "rate-limit";

	static final String HASHQUERY_NAME = "hashquery-rate-limit";

	private final Ledger ledger;

	private final Offence offence;

	RateRule(Ledger ledger, Offence offence) {
		this.ledger = ledger;
		this.offence = offence;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		return StandingBlocks.verdict(this.ledger.judge(this.offence, client, 0, request.dryRun()), client);
	}

}
