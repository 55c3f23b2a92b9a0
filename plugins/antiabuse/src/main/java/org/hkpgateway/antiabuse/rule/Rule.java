package org.hkpgateway.antiabuse.rule;

import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;

/**
 * One reason to refuse requests. Says what it would do if it is enforced; whether it is,
 * is not its business. Safe for any number of threads; does not block; no stage fails.
 */
interface Rule {

	/**
	 * Judges a request. Changes nothing in a dry run.
	 * @param request the request
	 * @param client who sent it
	 * @return the verdict, now or later; {@link Verdict#PASSED} itself where that is
	 * known at once, which costs nothing
	 */
	CompletionStage<Verdict> judge(Request request, ClientKey client);

	/**
	 * Looks at the keyserver's answer, which goes to the client in any case.
	 * @param answer what is known of it
	 * @return a refusal if those that follow will be refused for it, beginning now
	 */
	default CompletionStage<Verdict> answered(Answer answer) {
		return Verdict.PASSED;
	}

	/**
	 * An answer of the keyserver.
	 *
	 * @param status its status
	 * @param operation what was asked
	 * @param client who asked
	 * @param dryRun change nothing
	 */
	record Answer(int status, Operation operation, ClientKey client, boolean dryRun) {
	}

}
