package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.List;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * {@code hkp.edge}: limits of the public port.
 *
 * @param allowedHosts names under which the gateway serves; empty for any; others are
 * answered 421
 * @param hsts {@code off}, or max-age of Strict-Transport-Security, perhaps followed by
 * {@code include-subdomains}
 * @param maxBody largest request body; larger ones are answered 413
 * @param maxBufferedBytes most bytes of request bodies held in memory at a time, all
 * requests together, but never more than a quarter of Java's direct memory; when used up
 * the answer is 429 with Retry-After
 * @param maxHeaderBytes largest request head, longer ones are answered 431, or 414 if the
 * request line alone is longer; also bounds trailers and chunk extensions
 * @param idleTimeout how long a connection may be silent, between requests or within one
 */
public record EdgeSettings(@DefaultValue List<String> allowedHosts, @DefaultValue("off") String hsts,
		@DefaultValue("16MB") DataSize maxBody, @DefaultValue("256MB") DataSize maxBufferedBytes,
		@DefaultValue("16KB") DataSize maxHeaderBytes, @DefaultValue("60s") Duration idleTimeout) {

	public EdgeSettings {
		allowedHosts = List.copyOf(allowedHosts);
		new AllowedHosts(allowedHosts);
		hsts = (StrictTransport.parse(hsts).value() != null) ? hsts : "off";
		Checks.that(maxBody.toBytes() > 0 && maxBody.toBytes() <= Integer.MAX_VALUE, "hkp.edge.max-body",
				"1B to 2047MB", maxBody);
		Checks.that(maxBufferedBytes.toBytes() >= maxBody.toBytes(), "hkp.edge.max-buffered-bytes",
				"at least hkp.edge.max-body, " + maxBody, maxBufferedBytes);
		Checks.that(maxHeaderBytes.toBytes() >= 1024 && maxHeaderBytes.toBytes() <= 1024 * 1024,
				"hkp.edge.max-header-bytes", "1KB to 1MB", maxHeaderBytes);
		Checks.timeout("hkp.edge.idle-timeout", idleTimeout);
	}

}
