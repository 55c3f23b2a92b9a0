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
 * @param responseChanges changes of the headers of the client's answer, in order
 * @param annotations notes for later plugins, log and metrics
 * @param reason why; may be empty
 * @param delayMillis how long the gateway shall wait before it goes on
 */
public record Notes(List<HeaderChange> responseChanges, Map<String, String> annotations, String reason,
		int delayMillis) {

	static final Notes NONE = new Notes(List.of(), Map.of(), "", 0);

	public Notes {
		responseChanges = List.copyOf(responseChanges);
		annotations = Map.copyOf(annotations);
		DecisionLimits.check(List.of(), responseChanges, annotations);
	}

	/**
	 * The header fields that the changes bring into the client's answer.
	 * @return in order
	 */
	public List<Headers.Field> responseHeaders() {
		List<Headers.Field> fields = new ArrayList<>();
		for (HeaderChange change : this.responseChanges) {
			if (change.action() != HeaderChange.Action.APPEND) {
				fields.removeIf((field) -> field.name().equalsIgnoreCase(change.name()));
			}
			if (change.action() != HeaderChange.Action.REMOVE) {
				fields.add(new Headers.Field(change.name(), change.value()));
			}
		}
		return List.copyOf(fields);
	}

	/**
	 * The same.
	 * @return with case-insensitive look-up
	 */
	public Headers headers() {
		return Headers.of(responseHeaders());
	}

	Notes change(HeaderChange.Action action, String name, String value) {
		return with(this.responseChanges, new HeaderChange(action, name, value));
	}

	/** For an answer of the plugin's own, in which nothing else is to be replaced. */
	Notes replaceResponseHeader(String name, String value) {
		List<HeaderChange> others = this.responseChanges.stream()
			.filter((change) -> !change.name().equalsIgnoreCase(name))
			.toList();
		return with(others, new HeaderChange(HeaderChange.Action.APPEND, name, value));
	}

	private Notes with(List<HeaderChange> changes, HeaderChange last) {
		List<HeaderChange> all = new ArrayList<>(changes);
		all.add(last);
		return new Notes(all, this.annotations, this.reason, this.delayMillis);
	}

	Notes annotate(String key, String value) {
		Map<String, String> all = new LinkedHashMap<>(this.annotations);
		all.put(key, value);
		return new Notes(this.responseChanges, all, this.reason, this.delayMillis);
	}

	Notes withReason(String text) {
		return new Notes(this.responseChanges, this.annotations, text, this.delayMillis);
	}

	Notes withDelay(Duration delay) {
		if (delay.isNegative()) {
			throw new IllegalArgumentException("expected: a delay of zero or more, got: " + delay);
		}
		int millis = (int) Math.min(delay.toMillis(), Integer.MAX_VALUE);
		return new Notes(this.responseChanges, this.annotations, this.reason, millis);
	}

}
