package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The request goes on. Made by {@link Decision#allow()}. Immutable.
 */
public final class Allow implements Decision {

	static final Allow UNCHANGED = new Allow(List.of(), Notes.NONE);

	private final List<HeaderChange> requestHeaders;

	private final Notes notes;

	private Allow(List<HeaderChange> requestHeaders, Notes notes) {
		this.requestHeaders = List.copyOf(requestHeaders);
		this.notes = notes;
	}

	/**
	 * Replaces every value of a header of the request on its way to the keyserver. Needs
	 * the grant {@code http.request.modify}; without it the gateway rejects the whole
	 * decision.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException if one of them is not valid in HTTP
	 */
	public Allow setRequestHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.SET, name, value));
	}

	/**
	 * Adds a value to a header of the request; needs the same grant.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException if one of them is not valid in HTTP
	 */
	public Allow addRequestHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.APPEND, name, value));
	}

	/**
	 * Removes a header of the request; needs the same grant.
	 * @param name its name
	 * @return a copy
	 * @throws IllegalArgumentException if the name is not valid in HTTP
	 */
	public Allow removeRequestHeader(String name) {
		return change(new HeaderChange(HeaderChange.Action.REMOVE, name, ""));
	}

	@Override
	public Allow addResponseHeader(String name, String value) {
		return new Allow(this.requestHeaders, this.notes.addResponseHeader(name, value));
	}

	@Override
	public Allow annotate(String key, String value) {
		return new Allow(this.requestHeaders, this.notes.annotate(key, value));
	}

	@Override
	public Allow reason(String reason) {
		return new Allow(this.requestHeaders, this.notes.withReason(reason));
	}

	@Override
	public Allow delay(Duration delay) {
		return new Allow(this.requestHeaders, this.notes.withDelay(delay));
	}

	/**
	 * The changes of the request's headers, for tests of plugins.
	 * @return in order
	 */
	public List<HeaderChange> requestHeaders() {
		return this.requestHeaders;
	}

	@Override
	public Notes notes() {
		return this.notes;
	}

	@Override
	public String toString() {
		return "Allow[" + this.requestHeaders + ", " + this.notes + "]";
	}

	private Allow change(HeaderChange change) {
		List<HeaderChange> all = new ArrayList<>(this.requestHeaders);
		all.add(change);
		return new Allow(all, this.notes);
	}

}
