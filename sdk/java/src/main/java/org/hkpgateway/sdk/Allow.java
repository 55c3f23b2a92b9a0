package org.hkpgateway.sdk;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * The request goes on, changed perhaps. Made by {@link Decision#allow()}. Immutable. What
 * is not granted, or not allowed for this request, makes the gateway refuse all of the
 * decision.
 */
public final class Allow implements Decision {

	static final Allow UNCHANGED = new Allow(List.of(), Rewrite.NONE, null, Notes.NONE);

	private final List<HeaderChange> requestHeaders;

	private final Rewrite rewrite;

	private final @Nullable ReplacedBody body;

	private final Notes notes;

	private Allow(List<HeaderChange> requestHeaders, Rewrite rewrite, @Nullable ReplacedBody body, Notes notes) {
		this.requestHeaders = List.copyOf(requestHeaders);
		DecisionLimits.check(this.requestHeaders, notes.responseChanges(), notes.annotations());
		this.rewrite = rewrite;
		this.body = body;
		this.notes = notes;
	}

	/**
	 * Replaces every value of a header of the request on its way to the keyserver. Needs
	 * the grant {@code http.request.modify}.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException if one of them is not valid in HTTP, or the header
	 * is the gateway's own, or beyond 64 changes of headers, of request and response, or
	 * 64 KiB of them
	 */
	public Allow setRequestHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.SET, name, value));
	}

	/**
	 * Adds a value to a header of the request; needs the same grant.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setRequestHeader}
	 */
	public Allow addRequestHeader(String name, String value) {
		return change(new HeaderChange(HeaderChange.Action.APPEND, name, value));
	}

	/**
	 * Removes a header of the request; needs the same grant.
	 * @param name its name
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setRequestHeader}
	 */
	public Allow removeRequestHeader(String name) {
		return change(new HeaderChange(HeaderChange.Action.REMOVE, name, ""));
	}

	/**
	 * Sends the request to another path. Needs the grant {@code http.request.rewrite}. A
	 * target that the gateway refuses from clients is refused here, too, and so is one
	 * that makes a hashquery of another request, or the reverse. Later plugins see the
	 * new target.
	 * @param path percent-encoded ASCII, from the first slash, without a query
	 * @return a copy
	 * @throws IllegalArgumentException if it is anything else, or path and query have
	 * more than 8 KiB
	 */
	public Allow rewritePath(String path) {
		return new Allow(this.requestHeaders, new Rewrite(path, this.rewrite.query()), this.body, this.notes);
	}

	/**
	 * Gives the request another query, in place of all of it; the rest as
	 * {@link #rewritePath}.
	 * @param query percent-encoded ASCII, without the question mark; empty for none
	 * @return a copy
	 * @throws IllegalArgumentException if it is anything else, or path and query have
	 * more than 8 KiB
	 */
	public Allow rewriteQuery(String query) {
		return new Allow(this.requestHeaders, new Rewrite(this.rewrite.path(), query), this.body, this.notes);
	}

	/**
	 * Gives the request another body, with the type that it has. Needs the grants
	 * {@code http.request.rewrite} and {@code http.request.body}, and a request whose
	 * body was {@link Body.State#COMPLETE}; not for a hashquery. {@code Content-Length}
	 * follows by itself. Later plugins see the new body.
	 * @param bytes the body, copied; the operator bounds its size
	 * @return a copy
	 */
	public Allow replaceBody(byte[] bytes) {
		return replaceBody("", bytes);
	}

	/**
	 * Gives the request another body of another type, as {@link #replaceBody(byte[])}.
	 * @param contentType its type, at most 256 characters
	 * @param bytes the body, copied
	 * @return a copy
	 * @throws IllegalArgumentException if the type is not valid as a header
	 */
	public Allow replaceBody(String contentType, byte[] bytes) {
		return new Allow(this.requestHeaders, this.rewrite,
				new ReplacedBody(ByteBuffer.wrap(bytes.clone()), contentType), this.notes);
	}

	@Override
	public Allow setResponseHeader(String name, String value) {
		return with(this.notes.change(HeaderChange.Action.SET, name, value));
	}

	@Override
	public Allow addResponseHeader(String name, String value) {
		return with(this.notes.change(HeaderChange.Action.APPEND, name, value));
	}

	/**
	 * Takes every value of a header out of the keyserver's answer.
	 * @param name its name
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setResponseHeader}
	 */
	public Allow removeResponseHeader(String name) {
		return with(this.notes.change(HeaderChange.Action.REMOVE, name, ""));
	}

	@Override
	public Allow annotate(String key, String value) {
		return with(this.notes.annotate(key, value));
	}

	@Override
	public Allow reason(String reason) {
		return with(this.notes.withReason(reason));
	}

	@Override
	public Allow delay(Duration delay) {
		return with(this.notes.withDelay(delay));
	}

	/**
	 * The changes of the request's headers, for tests of plugins.
	 * @return in order
	 */
	public List<HeaderChange> requestHeaders() {
		return this.requestHeaders;
	}

	/**
	 * The new path, for tests of plugins.
	 * @return percent-encoded; empty: unchanged
	 */
	public Optional<String> rewrittenPath() {
		return Optional.ofNullable(this.rewrite.path());
	}

	/**
	 * The new query, for tests of plugins.
	 * @return percent-encoded, may be of no characters; empty: unchanged
	 */
	public Optional<String> rewrittenQuery() {
		return Optional.ofNullable(this.rewrite.query());
	}

	/**
	 * The new body, for tests of plugins.
	 * @return empty: unchanged
	 */
	public Optional<ReplacedBody> replacedBody() {
		return Optional.ofNullable(this.body);
	}

	@Override
	public Notes notes() {
		return this.notes;
	}

	@Override
	public String toString() {
		return "Allow[" + this.requestHeaders + ", " + this.rewrite + ", " + this.body + ", " + this.notes + "]";
	}

	private Allow change(HeaderChange change) {
		List<HeaderChange> all = new ArrayList<>(this.requestHeaders);
		all.add(change);
		return new Allow(all, this.rewrite, this.body, this.notes);
	}

	private Allow with(Notes changed) {
		return new Allow(this.requestHeaders, this.rewrite, this.body, changed);
	}

}
