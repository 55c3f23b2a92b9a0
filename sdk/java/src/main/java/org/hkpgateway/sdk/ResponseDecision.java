package org.hkpgateway.sdk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to do with the keyserver's answer: change its headers and leave notes. It cannot
 * be replaced, for the key may be stored already. Immutable; every method returns a
 * changed copy.
 *
 * <pre>
 * ResponseDecision.unchanged().annotate("errors", "3").setHeader("X-Checked", "yes");
 * </pre>
 */
public final class ResponseDecision {

	private static final ResponseDecision UNCHANGED = new ResponseDecision(List.of(), Map.of(), "");

	private final List<HeaderChange> headers;

	private final Map<String, String> annotations;

	private final String reason;

	private ResponseDecision(List<HeaderChange> headers, Map<String, String> annotations, String reason) {
		this.headers = List.copyOf(headers);
		this.annotations = Map.copyOf(annotations);
		this.reason = reason;
		DecisionLimits.check(List.of(), this.headers, this.annotations);
	}

	/**
	 * The answer goes to the client as it is.
	 * @return the decision
	 */
	public static ResponseDecision unchanged() {
		return UNCHANGED;
	}

	/**
	 * Replaces every value of a header.
	 * @param name its name; {@code Set-Cookie} needs the grant {@code http.credentials}
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException if one of them is not valid in HTTP, or the header
	 * is the gateway's own, or beyond 64 changes or 64 KiB of them
	 */
	public ResponseDecision setHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.SET, name, value));
	}

	/**
	 * Adds one more value of a header.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setHeader}
	 */
	public ResponseDecision addHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.APPEND, name, value));
	}

	/**
	 * Removes every value of a header.
	 * @param name its name
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setHeader}
	 */
	public ResponseDecision removeHeader(String name) {
		return change(new HeaderChange(HeaderChange.Action.REMOVE, name, ""));
	}

	/**
	 * Leaves a note for plugins that see the answer later, log and metrics.
	 * @param key without the plugin's name, which the gateway puts in front
	 * @param value the note
	 * @return a copy
	 * @throws IllegalArgumentException without a key, and beyond 32 notes or 8192
	 * characters of all
	 */
	public ResponseDecision annotate(String key, String value) {
		Map<String, String> all = new LinkedHashMap<>(this.annotations);
		all.put(key, value);
		return new ResponseDecision(this.headers, all, this.reason);
	}

	/**
	 * Says why, for log and console; the client never sees it.
	 * @param reason one line
	 * @return a copy
	 */
	public ResponseDecision reason(String reason) {
		return new ResponseDecision(this.headers, this.annotations, reason);
	}

	/**
	 * The changes of headers.
	 * @return in order
	 */
	public List<HeaderChange> headers() {
		return this.headers;
	}

	/**
	 * The notes.
	 * @return keys without the plugin's name
	 */
	public Map<String, String> annotations() {
		return this.annotations;
	}

	/**
	 * Why.
	 * @return may be empty
	 */
	public String reason() {
		return this.reason;
	}

	@Override
	public String toString() {
		return "ResponseDecision[" + this.headers + ", " + this.annotations + ", " + this.reason + "]";
	}

	private ResponseDecision change(HeaderChange change) {
		List<HeaderChange> all = new ArrayList<>(this.headers);
		all.add(change);
		return new ResponseDecision(all, this.annotations, this.reason);
	}

}
