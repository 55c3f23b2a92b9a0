package org.hkpgateway.antiabuse.rule;

import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.sdk.Body;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.jspecify.annotations.Nullable;

/**
 * {@code upload}: uploads that are too large, of a type that no client sends, or without
 * an armored key in them. Each is refused by itself, and blocks nobody. What is not shown
 * of a body is not judged: without the grant {@code http.request.body} that is all of it
 * but the length that the client declared.
 */
final class UploadRule implements Rule {

	static final String NAME = "upload";

	private final long maxBytes;

	private final Set<String> contentTypes;

	UploadRule(long maxBytes, Set<String> contentTypes) {
		this.maxBytes = maxBytes;
		this.contentTypes = contentTypes;
	}

	@Override
	public CompletionStage<Verdict> judge(Request request, ClientKey client) {
		if (!isUpload(request)) {
			return Verdict.PASSED;
		}
		Body body = request.body();
		if (Math.max(body.declaredLength(), body.bytes().remaining()) > this.maxBytes) {
			return Verdict.refused(NAME, 413, "This upload is larger than " + this.maxBytes + " bytes.",
					"larger than " + this.maxBytes + " bytes");
		}
		String type = mediaType(request.headers().first("Content-Type").orElse(""));
		if (!type.isEmpty() && !this.contentTypes.isEmpty() && !this.contentTypes.contains(type)) {
			return Verdict.refused(NAME, 415, "Keys are not accepted in this Content-Type.", "unusual Content-Type");
		}
		String problem = request.is(Operation.REPLACE) ? null : problem(request, type);
		return (problem == null) ? Verdict.PASSED
				: Verdict.refused(NAME, 400, "This upload contains no OpenPGP key that can be read.", problem);
	}

	private static boolean isUpload(Request request) {
		boolean sends = request.method().equals("POST") || request.method().equals("PUT");
		return sends && (request.is(Operation.ADD) || request.is(Operation.V2_ADD) || request.is(Operation.REPLACE));
	}

	private static @Nullable String problem(Request request, String type) {
		// What is compressed can only be read by who stores it.
		return isEncoded(request) ? null : KeyText.problem(type, request.body());
	}

	/** A coding that changes nothing is none. */
	private static boolean isEncoded(Request request) {
		for (String value : request.headers().all("Content-Encoding")) {
			for (String coding : value.split(",", -1)) {
				if (!coding.isBlank() && !coding.strip().equalsIgnoreCase("identity")) {
					return true;
				}
			}
		}
		return false;
	}

	private static String mediaType(String value) {
		int end = value.indexOf(';');
		return ((end < 0) ? value : value.substring(0, end)).strip().toLowerCase(Locale.ROOT);
	}

}
