package org.hkpgateway.process;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Remembers the last lines of stderr. Thread-safe.
 */
final class ErrorTail {

	static final int MOST_LINES = 20;

	static final int MOST_CHARACTERS = 1000;

	private final Deque<String> lines = new ArrayDeque<>(MOST_LINES);

	synchronized void add(String line) {
		if (this.lines.size() == MOST_LINES) {
			this.lines.removeFirst();
		}
		this.lines.addLast(Printable.excerpt(line, MOST_CHARACTERS));
	}

	/** The lines, oldest first, printable. */
	synchronized List<String> lines() {
		return List.copyOf(this.lines);
	}

}
