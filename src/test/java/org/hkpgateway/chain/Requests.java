package org.hkpgateway.chain;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

/** Requests and answers for tests. */
final class Requests {

	private Requests() {
	}

	static RequestEvent get(String target) {
		return event("GET", target);
	}

	static RequestEvent post(String target) {
		return event("POST", target);
	}

	private static RequestEvent event(String method, String target) {
		HkpRequest hkp = (HkpTargets.parse(method, target) instanceof HkpTarget.Hkp known) ? known.request() : null;
		return RequestEvent.arrived("id", new RequestHead(method, target, Headers.of("Host", "keys")), hkp,
				new InetSocketAddress("192.0.2.1", 4711), false);
	}

	static RequestBody body(String text) {
		return RequestBody.complete(bytes(text));
	}

	static ByteBuffer bytes(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	static String text(ByteBuffer bytes) {
		return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
	}

	static Decision respond(int status) {
		return new Decision.Respond(new ResponseHead(status, Headers.empty()), bytes("no"), Map.of(), "");
	}

}
