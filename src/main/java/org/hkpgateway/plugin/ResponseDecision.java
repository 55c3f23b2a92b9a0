package org.hkpgateway.plugin;

import java.util.List;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;

/**
 * What a plugin wants done with the keyserver's answer. Never another answer: the key may
 * be stored already.
 *
 * @param headers changes of its headers, in order
 * @param annotations notes for the plugins that come later and for the log; keys without
 * the plugin's name
 * @param reason why; for log and console, never for the client
 */
public record ResponseDecision(List<HeaderMutation> headers, Map<String, String> annotations, String reason) {

	/** Nothing is changed or noted. */
	public static final ResponseDecision UNCHANGED = new ResponseDecision(List.of(), Map.of(), "");

	public ResponseDecision {
		headers = List.copyOf(headers);
		annotations = Map.copyOf(annotations);
	}

}
