package org.hkpgateway.log;

/**
 * Text from a plugin on its way to a log or an error message.
 */
public final class BoundedText {

	private BoundedText() {
	}

	/**
	 * Makes one line of bounded length, so that nobody can forge log lines or fill a
	 * disk.
	 * @param text what somebody else said
	 * @param maxBytes most bytes of the result in UTF-8
	 * @return the text with a space for each control character, cut between code points
	 */
	public static String oneLine(String text, int maxBytes) {
		StringBuilder line = new StringBuilder(Math.min(text.length(), maxBytes));
		int bytes = 0;
		for (int i = 0; i < text.length();) {
			int c = text.codePointAt(i);
			bytes += utf8Length(c);
			if (bytes > maxBytes) {
				break;
			}
			boolean lineSeparator = (c == 0x2028 || c == 0x2029);
			line.appendCodePoint((Character.isISOControl(c) || lineSeparator) ? ' ' : c);
			i += Character.charCount(c);
		}
		return line.toString();
	}

	private static int utf8Length(int codePoint) {
		if (codePoint < 0x80) {
			return 1;
		}
		if (codePoint < 0x800) {
			return 2;
		}
		return (codePoint < 0x10000) ? 3 : 4;
	}

}
