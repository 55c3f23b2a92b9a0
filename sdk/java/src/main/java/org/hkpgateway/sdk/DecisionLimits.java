package org.hkpgateway.sdk;

import java.util.List;
import java.util.Map;

/**
 * What the gateway takes of one decision. It refuses one beyond these limits as a whole;
 * this tells the author where it is made.
 */
final class DecisionLimits {

	private static final int MAX_HEADER_CHANGES = 64;

	private static final int MAX_HEADER_BYTES = 64 * 1024;

	private static final int MAX_ANNOTATIONS = 32;

	private static final int MAX_ANNOTATION_CHARACTERS = 8 * 1024;

	private DecisionLimits() {
	}

	/**
	 * Checks a decision.
	 * @param request changes of the request's headers
	 * @param response changes of the response's headers
	 * @param annotations the notes
	 * @throws IllegalArgumentException if it is beyond a limit, or a note has no key
	 */
	static void check(List<HeaderChange> request, List<HeaderChange> response, Map<String, String> annotations) {
		atMost(MAX_HEADER_CHANGES, "", "header changes", request.size() + response.size());
		atMost(MAX_HEADER_BYTES, " bytes", "header changes", size(request) + size(response));
		if (annotations.containsKey("")) {
			throw new IllegalArgumentException("annotation: expected: a key, got: none");
		}
		atMost(MAX_ANNOTATIONS, "", "annotations", annotations.size());
		long characters = 0;
		for (Map.Entry<String, String> note : annotations.entrySet()) {
			characters += note.getKey().length() + note.getValue().length();
		}
		atMost(MAX_ANNOTATION_CHARACTERS, " characters", "annotations", characters);
	}

	/** Both have a byte for each character. */
	private static long size(List<HeaderChange> changes) {
		long size = 0;
		for (HeaderChange change : changes) {
			size += change.name().length() + change.value().length();
		}
		return size;
	}

	private static void atMost(int limit, String unit, String what, long found) {
		if (found > limit) {
			throw new IllegalArgumentException(what + ": expected: at most " + limit + unit + ", got: " + found + unit);
		}
	}

}
