package org.hkpgateway.sdk;

import java.time.Duration;

/**
 * What to do with a request: {@link #allow()} lets it go on, {@link #deny(int)} and
 * {@link #respond(int)} answer it here and now. Immutable; every method returns a changed
 * copy.
 *
 * <pre>
 * Decision.allow().annotate("checked", "yes");
 * Decision.deny(429).retryAfter(Duration.ofSeconds(10)).text("Too many requests.");
 * </pre>
 */
public sealed interface Decision permits Allow, Respond {

	/**
	 * Go on: to the next plugin, then to the keyserver.
	 * @return the decision
	 */
	static Allow allow() {
		return Allow.UNCHANGED;
	}

	/**
	 * Refuse.
	 * @param status 400 to 599. Not 502, 503 and 504: gpg gives a server up that sends
	 * them, so the gateway would replace them. Good choices: 403 banned, 404 hidden, 413
	 * too big, 422 bad key, 429 too many requests, 501 switched off
	 * @return the decision, without a body
	 * @throws IllegalArgumentException for any other status
	 */
	static Respond deny(int status) {
		return Respond.of(status, 400);
	}

	/**
	 * Answer in place of the keyserver.
	 * @param status 200 to 599, except 502, 503 and 504. Never 200 for a refused upload:
	 * the client would believe that its key was stored
	 * @return the decision, without a body
	 * @throws IllegalArgumentException for any other status
	 */
	static Respond respond(int status) {
		return Respond.of(status, 200);
	}

	/**
	 * Replaces every value of a header: of the keyserver's answer when the request goes
	 * on (what another plugin answers keeps its own), else of this one.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException if one of them is not valid in HTTP, or the header
	 * is the gateway's own, as {@code Content-Length} or {@code Via}, or beyond 64
	 * changes of headers or 64 KiB of them
	 */
	Decision setResponseHeader(String name, String value);

	/**
	 * Adds a header field to the answer that the client gets, whoever makes it.
	 * @param name its name
	 * @param value its value
	 * @return a copy
	 * @throws IllegalArgumentException as {@link #setResponseHeader}
	 */
	Decision addResponseHeader(String name, String value);

	/**
	 * Leaves a note for later plugins, log and metrics.
	 * @param key without the plugin's name, which the gateway puts in front
	 * @param value the note
	 * @return a copy
	 * @throws IllegalArgumentException without a key, and beyond 32 notes or 8192
	 * characters of all
	 */
	Decision annotate(String key, String value);

	/**
	 * Says why, for log and console; the client never sees it.
	 * @param reason one line
	 * @return a copy
	 */
	Decision reason(String reason);

	/**
	 * Lets the gateway hold the request, or the answer, before it goes on (tarpit); no
	 * thread of the plugin is held. It is held once, when all plugins have decided, for
	 * the longest delay that one of them asked for. The operator bounds length
	 * ({@code hkp.plugins.max-delay}, 30 s) and number ({@code hkp.plugins.max-delayed});
	 * longer ones are cut, and beyond the number there is no delay.
	 * @param delay counts in milliseconds, less than one is none
	 * @return a copy
	 * @throws IllegalArgumentException if it is negative
	 */
	Decision delay(Duration delay);

	/**
	 * What it carries beside the decision itself, for tests of plugins.
	 * @return the notes
	 */
	Notes notes();

}
