package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.HopByHop;
import org.hkpgateway.http.ReservedHeaders;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Decision;

import org.jspecify.annotations.Nullable;

/**
 * Turns a plugin's answer into one that clients can bear. gpg's dirmngr marks a host dead
 * for 1.5 hours on 502 and repeats six times on 503 and 504, so none of them leaves the
 * chain; framing is the gateway's own.
 */
final class ChainAnswers {

	private static final Set<Integer> HARMFUL = Set.of(502, 503, 504);

	private ChainAnswers() {
	}

	/**
	 * An answer and what had to be changed or is doubtful about it.
	 *
	 * @param head status and headers
	 * @param body the body
	 * @param warnings for the log
	 */
	record Sanitized(ResponseHead head, ByteBuffer body, List<String> warnings) {
	}

	static Sanitized failedClosed() {
		return plain(500, "The request could not be processed.\n");
	}

	static Sanitized tooLarge() {
		return plain(413, "The request is too large to be examined.\n");
	}

	private static Sanitized plain(int status, String text) {
		return new Sanitized(
				new ResponseHead(status,
						Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store")),
				ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), List.of());
	}

	/** The status that reaches the client. */
	static int status(Decision.Respond respond) {
		int status = respond.head().status();
		return HARMFUL.contains(status) ? 500 : status;
	}

	static Sanitized sanitize(Decision.Respond respond, @Nullable HkpRequest hkp) {
		List<String> warnings = new ArrayList<>(0);
		int status = status(respond);
		if (status != respond.head().status()) {
			warnings.add("answered " + respond.head().status() + ", which makes gpg give up or repeat; the client gets "
					+ status);
		}
		if (status < 300 && hkp != null && hkp.operation().isUpload()) {
			warnings.add("answered a submission with " + status
					+ ", which the client takes for success; use 403, 413, 422 or 429");
		}
		ByteBuffer body = respond.body();
		// RFC 9110: they have no content. It would break the connection's framing.
		if ((status == 204 || status == 304) && body.hasRemaining()) {
			warnings.add("answered " + status + " with a body, which is dropped");
			body = ByteBuffer.allocate(0);
		}
		return new Sanitized(new ResponseHead(status, withoutReserved(respond.head().headers(), warnings)), body,
				warnings);
	}

	private static Headers withoutReserved(Headers headers, List<String> warnings) {
		Set<String> dropped = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
		var hopByHop = HopByHop.names(headers.all("connection"));
		Headers kept = headers.without((name) -> {
			boolean drop = ReservedHeaders.contains(name) || hopByHop.test(name);
			if (drop) {
				dropped.add(name);
			}
			return drop;
		});
		if (!dropped.isEmpty()) {
			warnings.add("set " + String.join(", ", dropped) + ", which are the gateway's to set; dropped");
		}
		return kept;
	}

}
