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
		boolean safe = head.method().equals("GET") || head.method().equals("HEAD");
		return safe && body instanceof UpstreamBody.None && (hkp == null || hkp.operation() != Operation.OTHER);
	}

}
