package org.hkpgateway.config;

import java.net.URI;

import org.hkpgateway.keyserver.EmbeddedKeyserver;

import org.jspecify.annotations.Nullable;

/**
 * The keyserver in use.
 *
 * @param url where it is
 * @param embedded set if it is the embedded one, which stops with the gateway
 */
record Upstream(URI url, @Nullable EmbeddedKeyserver embedded) implements AutoCloseable {

	@Override
	public void close() {
		if (this.embedded != null) {
			this.embedded.close();
		}
	}

}
