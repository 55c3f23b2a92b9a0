package org.hkpgateway.proxy;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

import org.hkpgateway.hkp.Unread;
import org.hkpgateway.log.LogFields;
import org.hkpgateway.log.SparseLines;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of uploads of which it is not known what became of their keys, though somebody
 * listens: each time to the listener, and in the log, of each reason at most every ten
 * seconds. Thread-safe.
 */
final class UnreadUploads {

	private static final Logger logger = LoggerFactory.getLogger(UnreadUploads.class);

	private final EdgeListener listener;

	private final Map<Unread, SparseLines> lines = new EnumMap<>(Unread.class);

	UnreadUploads(EdgeListener listener, LongSupplier nanoTime) {
		this.listener = listener;
		for (Unread why : Unread.values()) {
			this.lines.put(why, new SparseLines(nanoTime));
		}
	}

	/**
	 * Tells of one.
	 * @param request its id
	 * @param why not
	 * @param detail what was expected, what came
	 */
	void tell(String request, Unread why, String detail) {
		this.listener.uploadUnread(why);
		Objects.requireNonNull(this.lines.get(why))
			.write((unsaid) -> logger.atWarn()
				.addKeyValue(LogFields.REQUEST, request)
				.log("Events of uploaded keys are missing ({}) [request {}]: {}{}", why.label(), request, detail,
						SparseLines.more(unsaid)));
	}

}
