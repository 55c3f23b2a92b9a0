package org.hkpgateway.plugin;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ResponseHead;

import org.jspecify.annotations.Nullable;

/**
 * What a plugin wants done with a request.
 */
public sealed interface Decision {

	/**
	 * Notes for later plugins and the log; keys without the plugin's name.
	 * @return possibly none
	 */
	Map<String, String> annotations();

	/**
	 * Why. For log and console, never for the client.
	 * @return possibly empty
	 */
	String reason();

	/**
	 * How long the gateway is to hold the request before it goes on (tarpit).
	 * @return 0 or more; the gateway has a bound of its own
	 */
	Duration delay();

	/**
	 * Go on: the next plugin, then the keyserver. All of it is done, or nothing.
	 *
	 * @param requestHeaders changes of the request towards the keyserver
	 * @param rewrite another target; null to leave it
	 * @param body another body; null to leave it
	 * @param responseHeaders changes of the answer the client will get
	 * @param annotations notes
	 * @param reason why
	 * @param delay how long to hold the request
	 */
	record Continue(List<HeaderMutation> requestHeaders, @Nullable TargetRewrite rewrite,
			@Nullable BodyReplacement body, List<HeaderMutation> responseHeaders, Map<String, String> annotations,
			String reason, Duration delay) implements Decision {

		/** Go on, nothing else. */
		public static final Continue UNCHANGED = new Continue(List.of(), List.of(), Map.of(), "");

		public Continue {
			requestHeaders = List.copyOf(requestHeaders);
			responseHeaders = List.copyOf(responseHeaders);
			annotations = Map.copyOf(annotations);
			checkDelay(delay);
		}

		/**
		 * Go on, with headers changed at most.
		 * @param requestHeaders changes of the request towards the keyserver
		 * @param responseHeaders changes of the answer the client will get
		 * @param annotations notes
		 * @param reason why
		 */
		public Continue(List<HeaderMutation> requestHeaders, List<HeaderMutation> responseHeaders,
				Map<String, String> annotations, String reason) {
			this(requestHeaders, null, null, responseHeaders, annotations, reason, Duration.ZERO);
		}

		/**
		 * Whether the request goes on as another one.
		 * @return false if later plugins see nothing of this but its notes
		 */
		public boolean changesRequest() {
			return !this.requestHeaders.isEmpty() || this.rewrite != null || this.body != null;
		}

	}

	/**
	 * Answer now; the keyserver is never called.
	 *
	 * @param head status and headers
	 * @param body read-only, possibly empty
	 * @param annotations notes
	 * @param reason why
	 * @param delay how long to hold the answer
	 */
	record Respond(ResponseHead head, ByteBuffer body, Map<String, String> annotations, String reason,
			Duration delay) implements Decision {

		public Respond {
			body = body.asReadOnlyBuffer();
			annotations = Map.copyOf(annotations);
			checkDelay(delay);
		}

		/**
		 * Answer without delay.
		 * @param head status and headers
		 * @param body read-only, possibly empty
		 * @param annotations notes
		 * @param reason why
		 */
		public Respond(ResponseHead head, ByteBuffer body, Map<String, String> annotations, String reason) {
			this(head, body, annotations, reason, Duration.ZERO);
		}

	}

	private static void checkDelay(Duration delay) {
		if (delay.isNegative()) {
			throw new IllegalArgumentException("delay: expected: 0 or more, got: " + delay);
		}
	}

}
