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
	 * How it came to that.
	 * @return outcomes, changes and delay
	 */
	ChainTrace trace();

	/**
	 * Which plugins were skipped, then which were asked and what came of it, each in the
	 * order of the chain.
	 * @return one entry for each plugin skipped or asked
	 */
	default List<PluginOutcome> outcomes() {
		return trace().outcomes();
	}

	/**
	 * Forward to the keyserver.
	 *
	 * @param arrived the request as it came, without its body: match rules are about it,
	 * also those that say who sees the answer
	 * @param request what is to be forwarded: the request as it stands after the last
	 * plugin, with all annotations; never cut down to what one plugin may see
	 * @param bodyReplaced whether the body to forward is that of {@code request}; else it
	 * is the client's
	 * @param plugins those that were asked, and those that match and are granted nothing
	 * but to see the answer, in the order of the chain, each as the generation that was
	 * asked: one that has failed and whose policy let the request go on, too
	 * @param responseHeaders changes of the answer's headers, in order
	 * @param trace how it came to that
	 */
	record Forward(RequestEvent arrived, RequestEvent request, boolean bodyReplaced, List<PluginRegistry.Entry> plugins,
			List<HeaderMutation> responseHeaders, ChainTrace trace) implements ChainResult {

		public Forward {
			plugins = List.copyOf(plugins);
			responseHeaders = List.copyOf(responseHeaders);
		}

	}

	/**
	 * Answer at once; the keyserver is not called.
	 *
	 * @param head status and headers, without framing; those that plugins before have
	 * added to the answer are in it
	 * @param body read-only, possibly empty
	 * @param trace how it came to that; the last outcome is why
	 */
	record Answer(ResponseHead head, ByteBuffer body, ChainTrace trace) implements ChainResult {

		public Answer {
			body = body.asReadOnlyBuffer();
		}

	}

}
