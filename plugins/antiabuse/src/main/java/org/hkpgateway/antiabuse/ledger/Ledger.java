package org.hkpgateway.antiabuse.ledger;

import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;

/**
 * Has the blocks of clients, one at a time for each of them, and begins one when a client
 * does something too often. Requests during a block are to be refused without being
 * counted. Safe for any number of threads; does not block; no stage fails.
 */
public interface Ledger {

	/**
	 * Whether a client is blocked. Changes nothing of that.
	 * @param client the client
	 * @param dryRun true: changes nothing at all
	 * @return what there is against it, now or later
	 */
	CompletionStage<Standing> standing(ClientKey client, boolean dryRun);

	/**
	 * Whether a client is blocked; if not, counts an offence as {@link #count} does. That
	 * is less work than both one after the other.
	 * @param offence what counts it
	 * @param client the client
	 * @param what was done, for a counter of different things; else 0
	 * @param dryRun true: only says what it would say, and changes nothing
	 * @return what there is against it from now on, now or later
	 */
	CompletionStage<Standing> judge(Offence offence, ClientKey client, long what, boolean dryRun);

	/**
	 * Counts an offence of a client that is not blocked, and blocks it if that is too
	 * many.
	 * @param offence what counts it
	 * @param client the client
	 * @param what was done, for a counter of different things; else 0
	 * @param dryRun true: only says what it would say, and changes nothing
	 * @return what there is against it from now on, now or later
	 */
	CompletionStage<Standing> count(Offence offence, ClientKey client, long what, boolean dryRun);

	/**
	 * How many clients are blocked in this process, or were of late.
	 * @return an estimate
	 */
	long offenders();

}
