package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.util.List;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ResponseHead;

/**
 * What the chain decided about a request.
 */
public sealed interface ChainResult {

	/**
	 * Which plugins were skipped, then which were asked and what came of it, each in the
	 * order of the chain.
	 * @return one entry for each plugin skipped or asked
	 */
	List<PluginOutcome> outcomes();

	/**
	 * Forward to the keyserver.
	 *
	 * @param requestHeaders changes of the request's headers, in order
	 * @param responseHeaders changes of the answer's headers, in order
	 * @param outcomes who was skipped or asked
	 */
	record Forward(List<HeaderMutation> requestHeaders, List<HeaderMutation> responseHeaders,
			List<PluginOutcome> outcomes) implements ChainResult {

		/** What an empty chain decides. */
		public static final Forward UNCHANGED = new Forward(List.of(), List.of(), List.of());

		public Forward {
			requestHeaders = List.copyOf(requestHeaders);
			responseHeaders = List.copyOf(responseHeaders);
			outcomes = List.copyOf(outcomes);
		}

	}

	/**
	 * Answer at once; the keyserver is not called.
	 *
	 * @param head status and headers, without framing
	 * @param body read-only, possibly empty
	 * @param outcomes who was skipped or asked; the last one is why
	 */
	record Answer(ResponseHead head, ByteBuffer body, List<PluginOutcome> outcomes) implements ChainResult {

		public Answer {
			body = body.asReadOnlyBuffer();
			outcomes = List.copyOf(outcomes);
		}

	}

}
