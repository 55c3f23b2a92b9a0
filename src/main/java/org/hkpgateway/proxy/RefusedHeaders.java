package org.hkpgateway.proxy;

import io.netty.handler.codec.http.DefaultHttpHeaders;

/**
 * Stands for the header section of a request that could not be read, so that it takes its
 * turn among the other requests of its connection and is answered and logged like any. It
 * does not say that the connection ends: with that word of a later request the server
 * library would end it before an earlier one is answered.
 */
final class RefusedHeaders extends DefaultHttpHeaders {

	private final Refusal refusal;

	RefusedHeaders(Refusal refusal) {
		this.refusal = refusal;
	}

	Refusal refusal() {
		return this.refusal;
	}

}
