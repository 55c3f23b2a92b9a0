package org.hkpgateway.plugin;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ResponseHead;

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
	 * Go on: the next plugin, then the keyserver.
	 *
	 * @param requestHeaders changes of the request towards the keyserver
	 * @param responseHeaders changes of the answer the client will get
	 * @param annotations notes
	 * @param reason why
	 */
	record Continue(List<HeaderMutation> requestHeaders, List<HeaderMutation> responseHeaders,
			Map<String, String> annotations, String reason) implements Decision {

		/** Go on, nothing else. */
		public static final Continue UNCHANGED = new Continue(List.of(), List.of(), Map.of(), "");

		public Continue {
			requestHeaders = List.copyOf(requestHeaders);
			responseHeaders = List.copyOf(responseHeaders);
			annotations = Map.copyOf(annotations);
		}

	}

	/**
	 * Answer now; the keyserver is never called.
	 *
	 * @param head status and headers
	 * @param body read-only, possibly empty
	 * @param annotations notes
	 * @param reason why
	 */
	record Respond(ResponseHead head, ByteBuffer body, Map<String, String> annotations,
			String reason) implements Decision {

		public Respond {
			body = body.asReadOnlyBuffer();
			annotations = Map.copyOf(annotations);
		}

	}

}
