package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.upstream}: the keyservers behind the gateway.
 *
 * @param urls the keyservers, each {@code http://host[:port]}, the primary first, which
 * gets whatever may change something; empty for the embedded keyserver, which is for
 * trying out
 * @param connectTimeout longest wait for a connection, free or new
 * @param responseTimeout longest wait for the keyserver: to take the request, to begin
 * its answer and to go on with it; does not run while the client is slow
 * @param maxConnections most connections to each keyserver at a time, shared out among
 * event loops if each gets at least 16; beyond that requests wait, then get 429
 * @param contentLength what to do with a request body of unknown length: hold it and send
 * it with Content-Length ({@code require}), or send it chunked ({@code stream}), which
 * SKS never answers
 * @param health how to notice that one is down
 */
public record UpstreamSettings(@DefaultValue List<URI> urls, @DefaultValue("5s") Duration connectTimeout,
		@DefaultValue("150s") Duration responseTimeout, @DefaultValue("500") int maxConnections,
		@DefaultValue("require") ContentLength contentLength, @DefaultValue Health health) {

	public UpstreamSettings {
		urls = List.copyOf(urls);
		Checks.that(Set.copyOf(urls).size() == urls.size(), "hkp.upstream.urls", "each URL once", urls);
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

	/**
	 * {@code hkp.upstream.health}: how to notice that a keyserver is down, or up again.
	 *
	 * @param interval pause between two checks of a keyserver, give or take a fifth
	 * @param timeout longest wait for an answer to a check
	 * @param downAfter how many failures in a row mean that it is down
	 * @param upAfter how many good checks in a row mean that it is up again
	 */
	public record Health(@DefaultValue("10s") Duration interval, @DefaultValue("2s") Duration timeout,
			@DefaultValue("3") int downAfter, @DefaultValue("2") int upAfter) {

		public Health {
			Checks.timeout("hkp.upstream.health.interval", interval);
			Checks.timeout("hkp.upstream.health.timeout", timeout);
			Checks.that(downAfter > 0, "hkp.upstream.health.down-after", "a number above 0", downAfter);
			Checks.that(upAfter > 0, "hkp.upstream.health.up-after", "a number above 0", upAfter);
		}

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
