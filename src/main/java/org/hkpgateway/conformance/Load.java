package org.hkpgateway.conformance;

import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.RequestEvent;

/**
 * Ordinary requests, each with an id of its own, from some hundred clients.
 */
final class Load {

	private static final String TARGET = "/pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF0123456789ABCDEF0123";

	private final AtomicInteger number = new AtomicInteger();

	/** The next one. */
	RequestEvent next() {
		int n = this.number.getAndIncrement();
		String target = TARGET + "%04X".formatted(n % 0x10000);
		HkpRequest hkp = (HkpTargets.parse("GET", target) instanceof HkpTarget.Hkp known) ? known.request() : null;
		return RequestEvent.arrived("load-" + n,
				new RequestHead("GET", target, Headers.of("Host", "keys.example", "User-Agent", "conformance/1")), hkp,
				Corpus.client(n), false);
	}

}
