package org.hkpgateway.proxy;

import java.util.List;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;

/**
 * What the gateway answers to OPTIONS in the keyserver's place: SKS answers nothing to
 * it. Browsers ask before they send a key in a way that no form can; all may, as with
 * Hockeypuck.
 */
final class OptionsAnswer {

	/** All that reach the keyserver, which may serve fewer. */
	static final String METHODS = String.join(", ", RequestHead.METHODS);

	/** What HKP needs. Others are not for any page of the web to send. */
	private static final String METHODS_OF_PAGES = "GET, HEAD, POST, OPTIONS";

	private static final Headers HEADERS = Headers.of("Allow", METHODS);

	/**
	 * The wildcard does for all that a browser may send without credentials; those that
	 * do not know it need Content-Type by name.
	 */
	private static final Headers PREFLIGHT = HEADERS.with("Access-Control-Allow-Origin", "*")
		.with("Access-Control-Allow-Methods", METHODS_OF_PAGES)
		.with("Access-Control-Allow-Headers", "Content-Type, *")
		.with("Access-Control-Max-Age", "86400");

	private OptionsAnswer() {
	}

	/**
	 * Makes an answer without a body.
	 * @param request the fields of the request
	 * @param mutations what plugins want in it
	 * @return status 204, with the permissions if it is a preflight request
	 */
	static ResponseHead to(Headers request, List<HeaderMutation> mutations) {
		boolean preflight = request.contains("Origin") && request.contains("Access-Control-Request-Method");
		return new ResponseHead(204, (preflight ? PREFLIGHT : HEADERS).apply(mutations));
	}

}
