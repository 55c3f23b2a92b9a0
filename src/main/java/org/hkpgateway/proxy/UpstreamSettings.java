package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.List;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.upstream}: the keyserver behind the gateway.
 *
 * @param urls where it is, {@code http://host[:port]}; empty for the embedded keyserver
 * @param connectTimeout longest wait for a connection, free or new
 * @param responseTimeout longest wait between two reads of an answer
 * @param maxConnections most connections at a time
 * @param contentLength what to do with a request body of unknown length
 */
public record UpstreamSettings(@DefaultValue List<URI> urls, @DefaultValue("5s") Duration connectTimeout,
		@DefaultValue("150s") Duration responseTimeout, @DefaultValue("500") int maxConnections,
		@DefaultValue("require") ContentLength contentLength) {

	public UpstreamSettings {
		urls = List.copyOf(urls);
		Checks.that(urls.size() <= 1, "hkp.upstream.urls", "at most one URL", urls);
		for (URI url : urls) {
			boolean rootOnly = url.getRawPath() == null || url.getRawPath().isEmpty() || url.getRawPath().equals("/");
			Checks.that("http".equals(url.getScheme()) && url.getHost() != null && url.getRawUserInfo() == null
					&& url.getPort() <= 65535 && url.getRawQuery() == null && url.getRawFragment() == null && rootOnly,
					"hkp.upstream.urls", "http://host[:port]", url);
		}
		Checks.timeout("hkp.upstream.connect-timeout", connectTimeout);
		Checks.timeout("hkp.upstream.response-timeout", responseTimeout);
		Checks.that(maxConnections > 0, "hkp.upstream.max-connections", "a number above 0", maxConnections);
	}

	/** What to do with a request body of unknown length. */
	public enum ContentLength {

		/**
		 * Buffer it and send it with Content-Length: SKS never answers a chunked request.
		 */
		REQUIRE,
		/** Stream it chunked. */
		STREAM

	}

}
