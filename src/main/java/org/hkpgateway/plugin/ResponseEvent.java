package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.Map;

import org.hkpgateway.http.Headers;

/**
 * The head of the keyserver's answer to one request, as one plugin is shown it.
 * Immutable.
 *
 * @param request the request as it was sent to the keyserver, but without its body; its
 * annotations are those of all plugins so far, in both phases
 * @param requestShown whether the plugin may see the request
 * @param status as the keyserver sent it
 * @param headers as the client would get them now: without hop-by-hop fields, and with
 * the changes that plugins have asked for so far
 * @param upstream from sending the request to the head of the answer
 */
public record ResponseEvent(RequestEvent request, boolean requestShown, int status, Headers headers,
		Duration upstream) {

	/**
	 * The same with other headers.
	 * @param headers all of them
	 * @return a new event
	 */
	public ResponseEvent withHeaders(Headers headers) {
		return new ResponseEvent(this.request, this.requestShown, this.status, headers, this.upstream);
	}

	/**
	 * The same with other annotations.
	 * @param annotations all of them
	 * @return a new event
	 */
	public ResponseEvent withAnnotations(Map<String, String> annotations) {
		return new ResponseEvent(this.request.withAnnotations(annotations), this.requestShown, this.status,
				this.headers, this.upstream);
	}

	/**
	 * The same for a plugin that sees answers, but not what they answer.
	 * @return a new event
	 */
	public ResponseEvent withoutRequest() {
		return new ResponseEvent(this.request.withAnnotations(Map.of()), false, this.status, this.headers,
				this.upstream);
	}

}
