package org.hkpgateway.http;

import java.util.List;

/**
 * Request line and headers.
 *
 * @param method as sent, for example {@code GET}
 * @param target the request target's octets as ISO-8859-1 characters, never re-encoded
 * @param headers without hop-by-hop fields
 */
public record RequestHead(String method, String target, Headers headers) {

	/** The methods that are served. They are case-sensitive, RFC 9110 section 9.1. */
	public static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

	/**
	 * The target up to its query.
	 * @return the path, still percent-encoded
	 */
	public String rawPath() {
		int question = this.target.indexOf('?');
		return (question < 0) ? this.target : this.target.substring(0, question);
	}

	/**
	 * The same with other headers.
	 * @param headers the headers
	 * @return a new head
	 */
	public RequestHead withHeaders(Headers headers) {
		return new RequestHead(this.method, this.target, headers);
	}

	/**
	 * The same with another target.
	 * @param target the octets as ISO-8859-1 characters
	 * @return a new head
	 */
	public RequestHead withTarget(String target) {
		return new RequestHead(this.method, target, this.headers);
	}

}
