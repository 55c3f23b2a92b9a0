package org.hkpgateway.antiabuse.rule;

import java.util.Locale;

/**
 * A pattern in which {@code *} stands for any text, compared without regard to case.
 * Matching takes at most the product of both lengths in steps, whatever they are: there
 * is nothing to backtrack into but the last {@code *}.
 */
final class Glob {

	private final String pattern;

	Glob(String pattern) {
		this.pattern = pattern.toLowerCase(Locale.ROOT);
	}

	/**
	 * Compares with the whole of a text.
	 * @param lower the text in lower case
	 * @return whether it fits
	 */
	boolean matches(String lower) {
		int at = 0;
		int text = 0;
		int star = -1;
		int resume = 0;
		while (text < lower.length()) {
			if (at < this.pattern.length() && this.pattern.charAt(at) == '*') {
				star = at++;
				resume = text;
			}
			else if (at < this.pattern.length() && this.pattern.charAt(at) == lower.charAt(text)) {
				at++;
				text++;
			}
			else if (star >= 0) {
				at = star + 1;
				text = ++resume;
			}
			else {
				return false;
			}
		}
		while (at < this.pattern.length() && this.pattern.charAt(at) == '*') {
			at++;
		}
		return at == this.pattern.length();
	}

	@Override
	public String toString() {
		return this.pattern;
	}

}
