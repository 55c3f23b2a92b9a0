package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What every decision may carry. Immutable; changed through the methods of
 * {@link Decision}.
 *
 * @param responseHeaders header fields added to the client's answer
 * @param annotations notes for later plugins, log and metrics
 * @param reason why; may be empty
 * @param delayMillis how long the gateway shall wait before it goes on
 */
public record Notes(List<Headers.Field> responseHeaders, Map<String, String> annotations, String reason,
		int delayMillis) {

	static final Notes NONE = new Notes(List.of(), Map.of(), "", 0);

	private static final int MAX_ANNOTATIONS = 32;

	private static final int MAX_ANNOTATION_CHARACTERS = 8 * 1024;

	public Notes {
		responseHeaders = List.copyOf(responseHeaders);
		annotations = Map.copyOf(annotations);
	}

	/**
	 * The header fields of the answer.
	 * @return with case-insensitive look-up
	 */
	public Headers headers() {
		return Headers.of(this.responseHeaders);
	}

	Notes addResponseHeader(String name, String value) {
		HeaderChange checked = new HeaderChange(HeaderChange.Action.APPEND, name, value);
		List<Headers.Field> all = new ArrayList<>(this.responseHeaders);
		all.add(new Headers.Field(checked.name(), checked.value()));
		return new Notes(all, this.annotations, this.reason, this.delayMillis);
	}

	Notes setResponseHeader(String name, String value) {
		List<Headers.Field> others = this.responseHeaders.stream()
			.filter((field) -> !field.name().equalsIgnoreCase(name))
			.toList();
		return new Notes(others, this.annotations, this.reason, this.delayMillis).addResponseHeader(name, value);
	}

	Notes annotate(String key, String value) {
		Map<String, String> all = new LinkedHashMap<>(this.annotations);
		all.put(key, value);
		checkAnnotations(all);
		return new Notes(this.responseHeaders, all, this.reason, this.delayMillis);
	}

	/** The gateway refuses a decision beyond these limits as a whole. */
	static void checkAnnotations(Map<String, String> annotations) {
		int characters = 0;
		for (Map.Entry<String, String> note : annotations.entrySet()) {
			characters += note.getKey().length() + note.getValue().length();
		}
		if (annotations.size() > MAX_ANNOTATIONS || characters > MAX_ANNOTATION_CHARACTERS) {
			throw new IllegalArgumentException("expected: at most " + MAX_ANNOTATIONS + " annotations with "
					+ MAX_ANNOTATION_CHARACTERS + " characters, got: " + annotations.size() + " with " + characters);
		}
	}

	Notes withReason(String text) {
		return new Notes(this.responseHeaders, this.annotations, text, this.delayMillis);
	}

	Notes withDelay(Duration delay) {
		if (delay.isNegative()) {
			throw new IllegalArgumentException("expected: a delay of zero or more, got: " + delay);
		}
		int millis = (int) Math.min(delay.toMillis(), Integer.MAX_VALUE);
		return new Notes(this.responseHeaders, this.annotations, this.reason, millis);
	}

}
