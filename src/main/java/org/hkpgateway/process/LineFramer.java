package org.hkpgateway.process;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Cuts a stream of bytes into lines, however they arrive and however long they are. Safe
 * for use by several threads; lines are given to the consumer by the thread that brings
 * the bytes.
 */
final class LineFramer {

	/** Of a longer line this much is kept. */
	static final int MOST_BYTES = 64 * 1024;

	static final String CUT = " [cut after 64 KiB]";

	private final Consumer<String> lines;

	private final ByteArrayOutputStream line = new ByteArrayOutputStream();

	private boolean skipping;

	/**
	 * Creates a framer.
	 * @param lines gets each line without its end, as UTF-8, malformed parts replaced
	 */
	LineFramer(Consumer<String> lines) {
		this.lines = lines;
	}

	synchronized void accept(byte[] bytes, int length) {
		int start = 0;
		for (int i = 0; i < length; i++) {
			if (bytes[i] == '\n') {
				append(bytes, start, i);
				end();
				start = i + 1;
			}
		}
		append(bytes, start, length);
	}

	/** What came of a line that has not ended. */
	synchronized String partial() {
		return this.line.toString(StandardCharsets.UTF_8);
	}

	/** Ends a line that has begun. */
	synchronized void flush() {
		if (this.line.size() > 0) {
			end();
		}
	}

	private void append(byte[] bytes, int start, int end) {
		if (this.skipping || start == end) {
			return;
		}
		int room = MOST_BYTES - this.line.size();
		this.line.write(bytes, start, Math.min(room, end - start));
		if (end - start > room) {
			emit(CUT);
			this.skipping = true;
		}
	}

	private void end() {
		if (this.skipping) {
			this.skipping = false;
		}
		else {
			emit("");
		}
	}

	private void emit(String mark) {
		String text = this.line.toString(StandardCharsets.UTF_8);
		this.line.reset();
		this.lines.accept((text.endsWith("\r") ? text.substring(0, text.length() - 1) : text) + mark);
	}

}
