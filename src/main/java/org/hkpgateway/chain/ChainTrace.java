package org.hkpgateway.chain;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How a chain came to its result: for log and console, never for the client.
 *
 * @param outcomes who was skipped or asked
 * @param changes who changed what, in order; changes of a request that was answered are
 * still there
 * @param annotations the notes of plugins, {@code <plugin>.<key>}
 * @param delay how long the result was held back; null if no plugin asked for that
 * @param nanos how long the request waited for plugins, without the delay: the sum of
 * their shares; -1 if none was asked about it
 */
public record ChainTrace(List<PluginOutcome> outcomes, List<Change> changes, Map<String, String> annotations,
		@Nullable Delay delay, long nanos) {

	/** Of a chain in which no plugin had a part. */
	public static final ChainTrace EMPTY = new ChainTrace(List.of(), List.of(), Map.of(), null, -1);

	public ChainTrace {
		outcomes = List.copyOf(outcomes);
		changes = List.copyOf(changes);
		annotations = Map.copyOf(annotations);
	}

}
