package org.hkpgateway.process;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numeric users, and groups of the same number, that nothing else on the machine uses:
 * each plugin gets one of its own. They need no entry in {@code /etc/passwd}.
 *
 * @param first the lowest, at least 1
 * @param last the highest, not below {@code first}
 */
public record UidRange(int first, int last) {

	private static final Pattern FORM = Pattern.compile("([0-9]{1,10})-([0-9]{1,10})");

	/** Linux's nobody, whose files are not one plugin's alone. */
	private static final int NOBODY = 65534;

	public UidRange {
		if (first < 1 || last < first || (first <= NOBODY && NOBODY <= last)) {
			throw refused(first + "-" + last);
		}
	}

	/**
	 * Reads a range.
	 * @param text {@code first-last}, for example {@code 20000-20999}
	 * @return the range
	 * @throws IllegalArgumentException if it is none
	 */
	public static UidRange parse(String text) {
		Matcher matcher = FORM.matcher(text.strip());
		if (!matcher.matches()) {
			throw refused(text);
		}
		long first = Long.parseLong(matcher.group(1));
		long last = Long.parseLong(matcher.group(2));
		if (first > Integer.MAX_VALUE || last > Integer.MAX_VALUE) {
			throw refused(text);
		}
		return new UidRange((int) first, (int) last);
	}

	boolean contains(int uid) {
		return this.first <= uid && uid <= this.last;
	}

	private static IllegalArgumentException refused(String text) {
		return new IllegalArgumentException(
				"hkp.plugins.uid-range: expected: first-last, for example 20000-20999, from 1 " + "(0 is root) to "
						+ Integer.MAX_VALUE + " and without " + NOBODY + " (nobody), got: '"
						+ Printable.excerpt(text, 50) + "'");
	}

	@Override
	public String toString() {
		return this.first + "-" + this.last;
	}

}
