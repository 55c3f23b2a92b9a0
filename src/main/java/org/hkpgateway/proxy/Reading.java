package org.hkpgateway.proxy;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;

/**
 * Tells requests that only read from all others.
 */
final class Reading {

	private Reading() {
	}

	/**
	 * Whether a request changes nothing, so that any keyserver may be asked.
	 * @param head the request
	 * @param body its body
	 * @return true for GET and HEAD without a body, but not for what is below
	 * {@code /pks/} and unknown: nobody says that it changes nothing
	 */
	static boolean only(UpstreamHead head, UpstreamBody body) {
		HkpRequest hkp = head.hkp();
		return isSafe(head, body) && (hkp == null || hkp.operation() != Operation.OTHER);
	}

	/**
	 * Whether a request may be sent twice: RFC 9110 section 9.2.1, and nothing of a body
	 * is used up.
	 * @param head the request
	 * @param body its body
	 * @return true for GET and HEAD without a body
	 */
	static boolean isSafe(UpstreamHead head, UpstreamBody body) {
		return body instanceof UpstreamBody.None && (head.method().equals("GET") || head.method().equals("HEAD"));
	}

}
