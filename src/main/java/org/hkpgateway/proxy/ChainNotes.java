package org.hkpgateway.proxy;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

import org.hkpgateway.chain.Change;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.Delay;

/**
 * What the access log says of a chain besides its outcomes: who changed what, delay and
 * notes. Nothing of it where there is nothing to say.
 */
final class ChainNotes {

	/** Longer notes are left out altogether: half of them would mislead. */
	private static final int MAX_ANNOTATION_CHARS = 256;

	private ChainNotes() {
	}

	/**
	 * Adds it to a line.
	 * @param line the line
	 * @param trace what plugins have done
	 * @param shown takes out of a text what the log may not show
	 */
	static void fill(AccessFields line, ChainTrace trace, UnaryOperator<String> shown) {
		if (!trace.changes().isEmpty()) {
			line.words("changes", trace.changes().stream().map(Change::toString).map(shown).toList());
		}
		Delay delay = trace.delay();
		if (delay != null) {
			line.word("delay",
					delay.plugin() + ":" + (delay.held().isZero() ? "refused" : delay.held().toMillis() + "ms"));
		}
		String annotations = annotations(trace.annotations());
		if (!annotations.isEmpty() && annotations.length() <= MAX_ANNOTATION_CHARS) {
			line.quoted("annotations", shown.apply(annotations));
		}
	}

	private static String annotations(Map<String, String> annotations) {
		return annotations.isEmpty() ? ""
				: new TreeMap<>(annotations).entrySet()
					.stream()
					.map((annotation) -> annotation.getKey() + "=" + annotation.getValue())
					.collect(Collectors.joining(" "));
	}

}
