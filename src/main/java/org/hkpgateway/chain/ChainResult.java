package org.hkpgateway.chain;

import java.nio.ByteBuffer;
import java.util.List;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;

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
	 * @param request what is to be forwarded: the request as it stands after the last
	 * plugin, with all annotations; never cut down to what one plugin may see
	 * @param plugins those that were asked, in the order of the chain, each as the
	 * generation that was asked: one that has failed and whose policy let the request go
	 * on, too
	 * @param responseHeaders changes of the answer's headers, in order
	 * @param outcomes who was skipped or asked
	 */
	record Forward(RequestEvent request, List<PluginRegistry.Entry> plugins, List<HeaderMutation> responseHeaders,
			List<PluginOutcome> outcomes) implements ChainResult {

		public Forward {
			plugins = List.copyOf(plugins);
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
