package org.hkpgateway.config;

import java.net.URI;
import java.util.List;

import org.hkpgateway.keyserver.EmbeddedKeyserver;

import org.jspecify.annotations.Nullable;

/**
 * The keyservers in use.
 *
 * @param urls where they are, the primary first
 * @param embedded set if it is the embedded one, which stops with the gateway
 */
record Upstream(List<URI> urls, @Nullable EmbeddedKeyserver embedded) implements AutoCloseable {

	@Override
	public void close() {
		if (this.embedded != null) {
			this.embedded.close();
		}
	}

}
