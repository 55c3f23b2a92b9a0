package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of a request of HTTP/2, RFC 9113 section 8, as strictly as one of HTTP/1
 * is read, so that it means the same behind the gateway, where it is HTTP/1.
 */
final class StreamHead {

	private static final Set<String> PSEUDO = Set.of(":method", ":scheme", ":path", ":authority");

	/** RFC 9113 section 8.2.2. */
	private static final Set<String> CONNECTION_SPECIFIC = Set.of("connection", "proxy-connection", "keep-alive",
			"transfer-encoding", "upgrade", "http2-settings");

	private static final int LINE_END = 2;

	private final Map<String, String> pseudo = new HashMap<>();

	private final HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");

	private final Framing framing = new Framing();

	private @Nullable StringBuilder cookies;

	private StreamHead() {
	}

	/**
	 * Reads a head.
	 * @param headers as decoded
	 * @param ended whether there is no body
	 * @param maxHead most bytes of it, as HTTP/1 would write it
	 * @return the same as HTTP/1, with a Host, and without Transfer-Encoding
	 * @throws Refusal if it is too long, malformed, or says a thing twice
	 */
	static HttpRequest read(Http2Headers headers, boolean ended, int maxHead) {
		StreamHead head = new StreamHead();
		checkLength(headers, maxHead);
		if (headers.size() > WireScanner.MAX_FIELDS + PSEUDO.size()) {
			throw Refusal.tooManyFields(WireScanner.MAX_FIELDS);
		}
		for (Map.Entry<CharSequence, CharSequence> entry : headers) {
			head.add(entry.getKey().toString(), entry.getValue().toString());
		}
		return head.request(ended);
	}

	/**
	 * Checks fields behind a body, which are not passed on.
	 * @param headers as decoded
	 * @param maxHead most bytes of them, as HTTP/1 would write them
	 * @throws Refusal if they are too long or too many, or no fields
	 */
	static void checkTrailers(Http2Headers headers, int maxHead) {
		checkLength(headers, maxHead);
		if (headers.size() > WireScanner.MAX_FIELDS) {
			throw Refusal.tooManyFields(WireScanner.MAX_FIELDS);
		}
		if (headers.names().stream().anyMatch((name) -> name.length() > 0 && name.charAt(0) == ':')) {
			throw Refusal.badRequest("Expected no pseudo-header behind the body, got one.");
		}
	}

	/**
	 * Counts as {@link WireScanner} does, line ends included: a request line, Host for
	 * {@code :authority}, a line for each field, an empty one.
	 */
	private static void checkLength(Http2Headers headers, int maxHead) {
		long line = 0;
		long all = LINE_END;
		for (Map.Entry<CharSequence, CharSequence> entry : headers) {
			int value = entry.getValue().length();
			switch (entry.getKey().toString()) {
				case ":method" -> line += value + " ".length();
				case ":path" -> line += value + " HTTP/1.1".length() + LINE_END;
				case ":scheme" -> {
				}
				case ":authority" -> all += "Host: ".length() + value + LINE_END;
				default -> all += entry.getKey().length() + ": ".length() + value + LINE_END;
			}
		}
		if (line > maxHead) {
			throw Refusal.targetTooLong(maxHead);
		}
		if (line + all > maxHead) {
			throw Refusal.headTooLong(maxHead);
		}
	}

	private void add(String name, String value) {
		if (!name.startsWith(":")) {
			field(name, value);
		}
		else if (!PSEUDO.contains(name) || this.pseudo.put(name, value) != null) {
			throw Refusal
				.badRequest("Expected :method, :scheme, :path and :authority once each, got another or a second one.");
		}
	}

	private void field(String name, String value) {
		byte[] line = (name + ":" + value).getBytes(StandardCharsets.ISO_8859_1);
		FieldLine field = FieldLine.read(line, line.length);
		if (CONNECTION_SPECIFIC.contains(name) || (name.equals("te") && !value.equalsIgnoreCase("trailers"))) {
			throw Refusal.badRequest("Expected no field about the connection in HTTP/2, got " + name + ".");
		}
		if (name.chars().anyMatch((c) -> (c >= 'A' && c <= 'Z') || c == ':') || !value.equals(value.strip())) {
			throw Refusal.badRequest(
					"Expected fields with a name in lower case and a value without blanks around it, got another.");
		}
		this.framing.add(field);
		if (name.equals("cookie")) {
			// RFC 9113 section 8.2.3.
			this.cookies = (this.cookies != null) ? this.cookies.append("; ") : new StringBuilder();
			this.cookies.append(value);
			return;
		}
		this.request.headers().add(name, value);
	}

	private HttpRequest request(boolean ended) {
		String method = this.pseudo.get(":method");
		if (method == null || !isToken(method)) {
			throw Refusal.badRequest("Expected a method, got none or something else.");
		}
		if (method.equals("CONNECT")) {
			throw Refusal.methodNotAllowed(method);
		}
		this.request.setMethod(HttpMethod.valueOf(method)).setUri(path());
		String scheme = this.pseudo.get(":scheme");
		if (!"http".equals(scheme) && !"https".equals(scheme)) {
			throw Refusal.badRequest("Expected the scheme http or https, got another or none.");
		}
		HttpHeaders headers = this.request.headers();
		if (this.cookies != null) {
			headers.set(HttpHeaderNames.COOKIE, this.cookies.toString());
		}
		host(headers);
		this.framing.check(new RequestLine(false, method.equals("GET") || method.equals("HEAD")));
		if (ended && this.framing.length() > 0) {
			throw Refusal.badRequest("Expected a body of the length in Content-Length, got none.");
		}
		return this.request;
	}

	private String path() {
		String path = this.pseudo.get(":path");
		byte[] octets = (path != null) ? path.getBytes(StandardCharsets.ISO_8859_1) : new byte[0];
		if (path == null || octets.length == 0 || octets[0] != '/'
				|| !Octets.isVisible(octets, 0, octets.length, false)) {
			throw Refusal.badRequest(
					"Expected a request target that starts with / and has no control characters, got something else.");
		}
		return path;
	}

	/** Two programs may each believe another one of the two. */
	private void host(HttpHeaders headers) {
		String authority = this.pseudo.get(":authority");
		if (authority == null) {
			return;
		}
		for (String host : headers.getAll(HttpHeaderNames.HOST)) {
			if (!host.equalsIgnoreCase(authority)) {
				throw Refusal.badRequest("Expected :authority and Host to agree, got different ones.");
			}
		}
		if (headers.getAll(HttpHeaderNames.HOST).size() < 2) {
			headers.set(HttpHeaderNames.HOST, authority);
		}
	}

	private static boolean isToken(String text) {
		byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
		return Octets.isToken(octets, 0, octets.length);
	}

}
