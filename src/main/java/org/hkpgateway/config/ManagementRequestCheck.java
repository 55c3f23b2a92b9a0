package org.hkpgateway.config;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Keeps other web sites, in the browser of somebody who may use the management port, from
 * using it.
 * <p>
 * The name in Host must be known, for a site could make its own name lead here and then
 * read what it likes. It cannot do that with an address, and only browsers are made to do
 * that, which always send a Host: so any address will do, and none.
 * <p>
 * Changes must not come from another site, whose pages a browser lends the password that
 * it remembers. Every browser says in Sec-Fetch-Site or Origin where a change comes from;
 * what says neither is no browser.
 */
final class ManagementRequestCheck implements WebFilter, Ordered {

	/** Before anybody is asked who he is. */
	static final int ORDER = Ordered.HIGHEST_PRECEDENCE + 20;

	private static final String FETCH_SITE = "Sec-Fetch-Site";

	private static final Set<String> OWN = Set.of("same-origin", "none");

	private final Set<String> names = new HashSet<>(Set.of("localhost"));

	/**
	 * Makes the check.
	 * @param allowedHosts names that are known beside localhost
	 */
	ManagementRequestCheck(List<String> allowedHosts) {
		allowedHosts.forEach((name) -> this.names.add(plain(name)));
	}

	@Override
	public int getOrder() {
		return ORDER;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		ServerHttpRequest request = exchange.getRequest();
		String host = request.getHeaders().getFirst(HttpHeaders.HOST);
		if (host != null && !knows(host)) {
			return refuse(exchange, HttpStatus.MISDIRECTED_REQUEST,
					"Host: expected: localhost, an address, or a name of " + ManagementProperties.ALLOWED_HOSTS
							+ "; got another name");
		}
		if (!isRead(request.getMethod()) && !isOwn(request)) {
			return refuse(exchange, HttpStatus.FORBIDDEN,
					"expected: a change from a page of this port, or from no page; "
							+ "got one from a page of another site");
		}
		return chain.filter(exchange);
	}

	static boolean isRead(HttpMethod method) {
		return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
	}

	private boolean knows(String host) {
		// With a colon in it an IPv6 address stands in brackets, so this one ends the
		// name.
		int colon = host.indexOf(':', Math.max(host.indexOf(']'), 0));
		String name = plain((colon >= 0) ? host.substring(0, colon) : host);
		return this.names.contains(name) || isAddress(name);
	}

	/** As browsers write it, who write all other spellings of one so. */
	private static boolean isAddress(String name) {
		return name.startsWith("[") ? name.endsWith("]") && NetUtil.isValidIpV6Address(name)
				: NetUtil.isValidIpV4Address(name);
	}

	private static String plain(String name) {
		String lower = name.toLowerCase(Locale.ROOT);
		return (lower.endsWith(".") && lower.length() > 1) ? lower.substring(0, lower.length() - 1) : lower;
	}

	/** Whether a request comes from a page of this port, or from no page. */
	static boolean isOwn(ServerHttpRequest request) {
		HttpHeaders headers = request.getHeaders();
		String host = headers.getFirst(HttpHeaders.HOST);
		String site = headers.getFirst(FETCH_SITE);
		if (site != null) {
			return OWN.contains(site);
		}
		String origin = headers.getFirst(HttpHeaders.ORIGIN);
		return origin == null || (host != null && host.equalsIgnoreCase(authority(origin)));
	}

	private static @Nullable String authority(String origin) {
		try {
			return URI.create(origin).getRawAuthority();
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static Mono<Void> refuse(ServerWebExchange exchange, HttpStatus status, String message) {
		exchange.getResponse().setStatusCode(status);
		exchange.getResponse().getHeaders().setContentType(MediaType.TEXT_PLAIN);
		byte[] text = (message + "\n").getBytes(StandardCharsets.US_ASCII);
		return exchange.getResponse()
			.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap(text)));
	}

}
