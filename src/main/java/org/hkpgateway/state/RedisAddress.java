package org.hkpgateway.state;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

import io.lettuce.core.RedisURI;

/**
 * Where Redis is, with the password that leads there. Never shows the password.
 */
public final class RedisAddress {

	private static final Set<String> SCHEMES = Set.of("redis", "rediss");

	private static final Pattern PATH = Pattern.compile("|/|/[0-9]{1,4}");

	private static final Pattern QUERY = Pattern.compile("verifyPeer=(none|ca|full)", Pattern.CASE_INSENSITIVE);

	private final RedisURI uri;

	private final String shown;

	private RedisAddress(RedisURI uri, String shown) {
		this.uri = uri;
		this.shown = shown;
	}

	/**
	 * Reads what an operator has written.
	 * @param key the configuration key, for the message
	 * @param url {@code redis://[[user]:password@]host[:port][/database]}, or
	 * {@code rediss://} with TLS and possibly {@code ?verifyPeer=none|ca|full}
	 * @return the address
	 * @throws IllegalArgumentException if it is something else; the message does not show
	 * the password
	 */
	public static RedisAddress parse(String key, String url) {
		try {
			URI uri = new URI(url);
			if (uri.getScheme() != null && SCHEMES.contains(uri.getScheme()) && uri.getHost() != null
					&& isPort(uri.getPort()) && PATH.matcher(uri.getPath()).matches() && uri.getFragment() == null
					&& isQuery(uri)) {
				return new RedisAddress(RedisURI.create(uri), masked(url));
			}
		}
		catch (URISyntaxException | IllegalArgumentException ex) {
			// Their messages show what was written, the password too.
		}
		throw new IllegalArgumentException(key + ": expected: redis://[[user]:password@]host[:port][/database], or "
				+ "rediss:// for TLS, with special characters of the password written as %40, got: " + masked(url));
	}

	private static boolean isPort(int port) {
		return port == -1 || (port >= 1 && port <= 65535);
	}

	private static boolean isQuery(URI uri) {
		return uri.getRawQuery() == null
				|| (uri.getScheme().equals("rediss") && QUERY.matcher(uri.getRawQuery()).matches());
	}

	/** Also of what is no URL: everything up to the last @, and what follows a ?. */
	private static String masked(String url) {
		int query = url.indexOf('?', url.lastIndexOf('@') + 1);
		String text = (query >= 0) ? url.substring(0, query) : url;
		int at = text.lastIndexOf('@');
		if (at < 0) {
			return text;
		}
		int scheme = text.indexOf("://");
		return ((scheme >= 0 && scheme < at) ? text.substring(0, scheme + 3) : "") + "***" + text.substring(at);
	}

	/**
	 * The same for the client library.
	 * @param handshake how long a new connection may take to be ready
	 */
	RedisURI uri(Duration handshake) {
		return RedisURI.builder(this.uri).withTimeout(handshake).withClientName("hkp-gateway").build();
	}

	/** Whoever names the same server and the same of these shares everything. */
	int database() {
		return this.uri.getDatabase();
	}

	/** For people: without the password. */
	@Override
	public String toString() {
		return this.shown;
	}

}
