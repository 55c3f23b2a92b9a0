package org.hkpgateway.lifecycle;

import java.net.InetSocketAddress;
import java.util.Map;

import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

/**
 * A request for tests to which its content does not matter.
 */
final class Requests {

	private Requests() {
	}

	static RequestEvent any() {
		return new RequestEvent("1", new RequestHead("GET", "/", Headers.empty()), "/", Map.of(), null,
				new InetSocketAddress("192.0.2.1", 4711), false, RequestBody.ABSENT, Map.of());
	}

}
