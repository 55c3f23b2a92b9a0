package org.hkpgateway.actuate;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

import org.hkpgateway.proxy.ExplainedRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what an operator wants explained. Every mistake is an
 * {@link IllegalArgumentException} that says what was expected and what came.
 */
final class ExplainRequests {

	private static final JsonMapper json = new JsonMapper();

	private static final Set<String> MEMBERS = new TreeSet<>(
			Set.of("method", "target", "version", "headers", "body", "bodyBase64", "client", "tls", "force"));

	private ExplainRequests() {
	}

	/**
	 * Reads a request.
	 * @param text one JSON object
	 * @return the request
	 */
	static ExplainedRequest read(byte[] text) {
		JsonNode request = parse(text);
		if (!request.isObject()) {
			throw mistake("expected: a JSON object", request);
		}
		Set<String> unknown = new TreeSet<>(request.propertyNames());
		unknown.removeAll(MEMBERS);
		if (!unknown.isEmpty()) {
			throw new IllegalArgumentException("expected: of " + String.join(", ", MEMBERS)
					+ " any, but target always, " + "got also: " + String.join(", ", unknown));
		}
		return new ExplainedRequest(text(request, "method", "GET"), text(request, "target", null),
				text(request, "version", "1.1"), fields(request.path("headers")), body(request), client(request),
				flag(request, "tls"), flag(request, "force"));
	}

	private static JsonNode parse(byte[] text) {
		try {
			return json.readTree(text);
		}
		catch (JacksonException ex) {
			throw new IllegalArgumentException("expected: a JSON object, got: " + ex.getOriginalMessage(), ex);
		}
	}

	private static String text(JsonNode request, String name, @Nullable String missing) {
		JsonNode value = request.path(name);
		if (value.isMissingNode() && missing != null) {
			return missing;
		}
		if (!value.isString()) {
			throw mistake(name + ": expected: a string", value);
		}
		return value.stringValue();
	}

	private static boolean flag(JsonNode request, String name) {
		JsonNode value = request.path(name);
		if (!value.isMissingNode() && !value.isBoolean()) {
			throw mistake(name + ": expected: true or false", value);
		}
		return value.asBoolean(false);
	}

	/** As a list of lines, or as a map of names to values. */
	private static List<String> fields(JsonNode headers) {
		List<String> fields = new ArrayList<>();
		if (headers.isArray()) {
			headers.forEach((line) -> fields.add(value(line, "lines such as \"Host: keys.example\"")));
		}
		else if (headers.isObject()) {
			headers.forEachEntry((name, value) -> {
				if (value.isArray()) {
					value.forEach((each) -> fields.add(name + ": " + value(each, "a string or a list of strings")));
				}
				else {
					fields.add(name + ": " + value(value, "a string or a list of strings"));
				}
			});
		}
		else if (!headers.isMissingNode()) {
			throw mistake("headers: expected: an object of names and values, or a list of lines", headers);
		}
		return fields;
	}

	private static String value(JsonNode value, String what) {
		if (!value.isString()) {
			throw mistake("headers: expected: " + what, value);
		}
		return value.stringValue();
	}

	private static ByteBuffer body(JsonNode request) {
		if (request.has("body") && request.has("bodyBase64")) {
			throw new IllegalArgumentException("expected: body or bodyBase64, got: both");
		}
		if (!request.has("bodyBase64")) {
			return ByteBuffer.wrap(text(request, "body", "").getBytes(StandardCharsets.UTF_8));
		}
		try {
			return ByteBuffer.wrap(Base64.getDecoder().decode(text(request, "bodyBase64", null)));
		}
		catch (IllegalArgumentException ex) {
			throw new IllegalArgumentException("bodyBase64: expected: Base64 on one line, got: " + ex.getMessage(), ex);
		}
	}

	private static InetSocketAddress client(JsonNode request) {
		String text = text(request, "client", "127.0.0.1");
		InetSocketAddress client = ExplainedRequest.peer(text);
		if (client == null) {
			throw new IllegalArgumentException(
					"client: expected: an IP address, perhaps with a port, such as 203.0.113.7 or [2001:db8::7]:40000, "
							+ "got: " + text);
		}
		return client;
	}

	private static IllegalArgumentException mistake(String expected, JsonNode got) {
		String text = got.isMissingNode() ? "nothing"
				: got.isContainer() ? "an " + got.getNodeType().name().toLowerCase(Locale.ROOT) : got.toString();
		return new IllegalArgumentException(expected + ", got: " + text);
	}

}
