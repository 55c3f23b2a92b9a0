package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

import org.hkpgateway.chain.DryAsker;
import org.jspecify.annotations.Nullable;

/**
 * A request that somebody wants explained. It need not be one that the gateway would
 * serve.
 *
 * @param method for example {@code GET}
 * @param target as it would stand in the first line
 * @param version {@code 1.0} or {@code 1.1}
 * @param fields lines of the header section, {@code Name: value}
 * @param body possibly empty
 * @param peer who would have connected; a trusted proxy is believed what the fields say
 * @param tls whether it would have come over TLS
 * @param force whether plugins are asked that may change their state, see
 * {@link DryAsker}
 */
public record ExplainedRequest(String method, String target, String version, List<String> fields, ByteBuffer body,
		InetSocketAddress peer, boolean tls, boolean force) {

	private static final Pattern FRAMED = Pattern.compile("(?i)(content[-_]length|transfer[-_]encoding)[ \\t]*:.*");

	public ExplainedRequest {
		oneLine("method", method);
		oneLine("target", target);
		if (!version.equals("1.0") && !version.equals("1.1")) {
			throw new IllegalArgumentException("version: expected: 1.0 or 1.1, got: " + version);
		}
		fields.forEach((field) -> oneLine("headers", field));
		fields = List.copyOf(fields);
		body = body.asReadOnlyBuffer();
	}

	/** Else one request could be two. */
	private static void oneLine(String what, String text) {
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) == '\r' || text.charAt(i) == '\n') {
				throw new IllegalArgumentException(String.format(Locale.ROOT,
						"%s: expected: no line end, got: 0x%02x at position %d", what, (int) text.charAt(i), i));
			}
		}
	}

	/**
	 * Reads the address of a peer.
	 * @param text an IP address, perhaps with a port
	 * @return null if it is not one
	 */
	public static @Nullable InetSocketAddress peer(String text) {
		return ClientAddressResolver.parse(text);
	}

	/**
	 * The head as it would come over a connection. If the fields say nothing of the
	 * length of the body, it says that.
	 * @return text in UTF-8, as curl sends it
	 */
	byte[] head() {
		StringBuilder head = new StringBuilder(this.method + " " + this.target + " HTTP/" + this.version + "\r\n");
		this.fields.forEach((field) -> head.append(field).append("\r\n"));
		if (this.body.hasRemaining() && this.fields.stream().noneMatch((field) -> FRAMED.matcher(field).matches())) {
			head.append("Content-Length: ").append(this.body.remaining()).append("\r\n");
		}
		return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
	}

}
