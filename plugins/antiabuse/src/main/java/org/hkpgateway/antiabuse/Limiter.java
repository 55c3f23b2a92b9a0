package org.hkpgateway.antiabuse;

import java.util.concurrent.CompletionStage;

/**
 * Judges requests of clients. Safe for any number of threads; does not block.
 */
interface Limiter {

	/**
	 * Judges a request, and counts it if it passes.
	 * @param client who sent it
	 * @param dryRun true: only says what it would say, and changes nothing
	 * @return the verdict, now or later; does not fail
	 */
	CompletionStage<Verdict> judge(ClientKey client, boolean dryRun);

}
