package org.hkpgateway.hkp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads HTML for people. Hockeypuck has a line for each key,
 * {@code <strong>Inserted:</strong> (4)0123…}, behind the fingerprints of invalid keys a
 * remark in quotes. SKS has one sentence for all keys that it has taken, and another for
 * each that it has not.
 */
final class HtmlUploadAnswer {

	private static final Pattern KEY = Pattern
		.compile("\\b(Inserted|Updated|Ignored|Deleted|Invalid): ?(?:\\((\\d{1,3})\\))? ?"
				+ "(\\p{XDigit}{64}|\\p{XDigit}{40}|\\p{XDigit}{32})(?!\\p{Alnum})");

	private static final Pattern TAKEN = Pattern.compile("\\b(\\d{1,6}) key\\(s\\) added successfully");

	private HtmlUploadAnswer() {
	}

	static UploadAnswer read(byte[] html, boolean whole) {
		String text = text(html);
		List<UploadedKey> keys = new ArrayList<>();
		Matcher key = KEY.matcher(text);
		// The last one may have lost digits.
		while (key.find() && (whole || key.end() < text.length())) {
			keys.add(new UploadedKey(key.group(3), (key.group(2) != null) ? Integer.parseInt(key.group(2)) : 0,
					KeyChange.valueOf(key.group(1).toUpperCase(Locale.ROOT))));
		}
		if (!keys.isEmpty() || text.contains("Submission Results")) {
			return new UploadAnswer.Named(keys, whole);
		}
		Matcher taken = TAKEN.matcher(text);
		boolean failed = text.contains("Add failed");
		if (taken.find() && !taken.group(1).equals("0")) {
			return new UploadAnswer.Counted(Integer.parseInt(taken.group(1)), failed || !whole);
		}
		// The second is what SKS says of paths that it does not know.
		if (failed || text.contains("Unexpected POST request")) {
			return new UploadAnswer.Refused();
		}
		return UploadAnswer.Unreadable.notUnderstood("HTML that says something else");
	}

	/**
	 * Without tags and what is in quotes: a remark could quote whoever made the key. Nor
	 * are entities decoded, which could be quotes. Blanks are single ones.
	 */
	private static String text(byte[] html) {
		StringBuilder text = new StringBuilder(html.length);
		boolean tag = false;
		boolean quote = false;
		for (char octet : new String(html, StandardCharsets.ISO_8859_1).toCharArray()) {
			if (tag) {
				tag = octet != '>';
			}
			else if (quote) {
				quote = octet != '"';
			}
			else if (octet == '<' || octet == '"' || octet <= ' ') {
				tag = octet == '<';
				quote = octet == '"';
				blank(text);
			}
			else {
				text.append(octet);
			}
		}
		return text.toString();
	}

	private static void blank(StringBuilder text) {
		if (!text.isEmpty() && text.charAt(text.length() - 1) != ' ') {
			text.append(' ');
		}
	}

}
