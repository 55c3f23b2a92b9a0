package org.hkpgateway.storage;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

import org.hkpgateway.hkp.Percent;
import org.jspecify.annotations.Nullable;

/**
 * Reads the machine-readable index of draft-shaw-openpgp-hkp-00 section 5.2, one key at a
 * time: {@code pub:<name>:<algorithm>:<bits>:<created>:<expires>:<flags>} and then
 * {@code uid:<percent-encoded>:…} for each user id. What is no such line is passed over;
 * a field that cannot be read counts as not given. Blocks where the stream does.
 */
final class IndexReader {

	/** More of a key are left out. */
	static final int MOST_USER_IDS = 1000;

	private static final Pattern NAME = Pattern
		.compile("[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64}");

	/** Until the year 33658. */
	private static final Pattern SECONDS = Pattern.compile("\\d{1,12}");

	private static final int CREATED = 4;

	private static final int EXPIRES = 5;

	private static final int FLAGS = 6;

	private final BoundedLines lines;

	/** The line of the key that comes next. */
	private @Nullable String pub;

	private boolean begun;

	IndexReader(InputStream index) {
		this.lines = new BoundedLines(index);
	}

	/**
	 * The next key.
	 * @return null after the last
	 * @throws IOException if this is no index, or the stream breaks
	 */
	@Nullable IndexedKey next() throws IOException {
		if (!this.begun) {
			begin();
		}
		while (this.pub != null) {
			String[] fields = this.pub.split(":", -1);
			List<String> userIds = userIds();
			String name = fields[1].toUpperCase(Locale.ROOT);
			if (NAME.matcher(name).matches()) {
				return key(name, fields, userIds);
			}
		}
		return null;
	}

	/** An index says first how much there is, or begins with a key. */
	private void begin() throws IOException {
		String first = this.lines.next();
		while (first != null && first.isEmpty()) {
			first = this.lines.next();
		}
		if (first == null || !(first.startsWith("info:") || first.startsWith("pub:"))) {
			throw new IOException("expected: a machine-readable index, got: "
					+ ((first != null) ? "a page that begins otherwise" : "an empty page"));
		}
		this.begun = true;
		this.pub = first;
		if (first.startsWith("info:")) {
			userIds();
		}
	}

	/** Reads on to the next key. */
	private List<String> userIds() throws IOException {
		List<String> userIds = new ArrayList<>();
		String line = this.lines.next();
		while (line != null && !line.startsWith("pub:")) {
			if (line.startsWith("uid:") && userIds.size() < MOST_USER_IDS) {
				String text = Percent.lenient(line.split(":", 3)[1], false);
				if (!text.isEmpty()) {
					userIds.add(text);
				}
			}
			line = this.lines.next();
		}
		this.pub = line;
		return userIds;
	}

	private static IndexedKey key(String name, String[] fields, List<String> userIds) {
		String flags = field(fields, FLAGS);
		long created = seconds(field(fields, CREATED));
		long expires = seconds(field(fields, EXPIRES));
		if (flags.contains("e") && expires == 0) {
			// Nobody says when, and 0 would mean never.
			expires = Math.max(created, 1);
		}
		return new IndexedKey(name, userIds, created, expires, flags.contains("r"));
	}

	private static String field(String[] fields, int index) {
		return (index < fields.length) ? fields[index] : "";
	}

	private static long seconds(String text) {
		return SECONDS.matcher(text).matches() ? Long.parseLong(text) : 0;
	}

}
