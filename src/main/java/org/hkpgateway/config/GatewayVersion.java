package org.hkpgateway.config;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.info.BuildProperties;

/**
 * The version of this gateway, as plugins are told it.
 *
 * @param text for example {@code 0.1.0}
 */
record GatewayVersion(String text) {

	static GatewayVersion of(@Nullable BuildProperties build) {
		String version = (build != null) ? build.getVersion() : null;
		return new GatewayVersion((version != null) ? version : "development");
	}

}
