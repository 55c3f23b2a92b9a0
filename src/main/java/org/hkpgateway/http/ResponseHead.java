package org.hkpgateway.http;

/**
 * Status and headers of an answer.
 *
 * @param status 200 to 599
 * @param headers the headers
 */
public record ResponseHead(int status, Headers headers) {

	public ResponseHead {
		if (status < 200 || status > 599) {
			throw new IllegalArgumentException("status: expected: 200 to 599, got: " + status);
		}
	}

}
