package org.hkpgateway.proxy;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.hkpgateway.chain.Change;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.Delay;
import org.jspecify.annotations.Nullable;

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
	 * Puts it in words.
	 * @param trace how a chain came to its result; null if it did not
	 * @return empty, or {@code key=value} with a blank before each
	 */
	static String of(@Nullable ChainTrace trace) {
		if (trace == null) {
			return "";
		}
		StringBuilder notes = new StringBuilder();
		if (!trace.changes().isEmpty()) {
			notes.append(" changes=")
				.append(trace.changes().stream().map(Change::toString).collect(Collectors.joining(",")));
		}
		Delay delay = trace.delay();
		if (delay != null) {
			notes.append(" delay=").append(delay.plugin()).append(':');
			notes.append(delay.held().isZero() ? "refused" : delay.held().toMillis() + "ms");
		}
		String annotations = annotations(trace.annotations());
		if (!annotations.isEmpty() && annotations.length() <= MAX_ANNOTATION_CHARS) {
			notes.append(" annotations=\"").append(AccessLog.escaped(annotations)).append('"');
		}
		return notes.toString();
	}

	private static String annotations(Map<String, String> annotations) {
		return annotations.isEmpty() ? ""
				: new TreeMap<>(annotations).entrySet()
					.stream()
					.map((annotation) -> annotation.getKey() + "=" + annotation.getValue())
					.collect(Collectors.joining(" "));
	}

}
