package org.hkpgateway.storage;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * Lines of a text whose writer is not trusted. Blocks where the stream does.
 */
final class BoundedLines {

	/** A user id of gpg is at most a quarter of it, percent-encoded three quarters. */
	static final int LONGEST = 8 * 1024;

	private final InputStream input;

	BoundedLines(InputStream input) {
		this.input = new BufferedInputStream(input);
	}

	/**
	 * The next line.
	 * @return the first {@link #LONGEST} octets of it, as ISO-8859-1, without blanks at
	 * the end; null after the last
	 * @throws IOException if the stream breaks
	 */
	@Nullable String next() throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		int octet = this.input.read();
		if (octet < 0) {
			return null;
		}
		while (octet >= 0 && octet != '\n') {
			if (line.size() < LONGEST) {
				line.write(octet);
			}
			octet = this.input.read();
		}
		return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
	}

}
