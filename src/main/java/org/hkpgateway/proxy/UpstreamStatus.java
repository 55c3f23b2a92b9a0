package org.hkpgateway.proxy;

import java.net.URI;

/**
 * What is known of a keyserver.
 *
 * @param url where it is
 * @param primary whether it gets what may change something
 * @param up whether it is taken to be up
 * @param inUse whether requests that only read go to it: if it is up, or if none is
 * @param failures of clients' requests since the start
 * @param pool connections for clients' requests
 * @param error why it did not answer when it was asked; empty if it did, or was not asked
 */
public record UpstreamStatus(URI url, boolean primary, boolean up, boolean inUse, Failures failures, Pool pool,
		String error) {

	/**
	 * Connections for clients' requests, all event loops together; a moment apart.
	 *
	 * @param active how many are in use
	 * @param idle how many are open and free
	 * @param pending how many requests wait for one
	 * @param max how many there may be
	 */
	public record Pool(int active, int idle, int pending, int max) {
	}

	/**
	 * How many attempts failed, those of the gateway's own checks apart.
	 *
	 * @param unsent no connection could be had
	 * @param retried of these, how many went elsewhere, or over another connection
	 * @param unanswered the request was sent, and no answer came
	 * @param cut the answer broke off
	 */
	public record Failures(long unsent, long retried, long unanswered, long cut) {
	}

}
