package org.hkpgateway.grpc;

/**
 * Header names as Go writes them: existing plugins look them up so.
 */
final class GoHeaderName {

	private GoHeaderName() {
	}

	/**
	 * Returns the canonical form of a name.
	 * @param name a token
	 * @return the first letter and each letter after a hyphen in upper case, all others
	 * in lower case, for example {@code X-Real-Ip}
	 */
	static String canonical(String name) {
		char[] letters = name.toCharArray();
		boolean upper = true;
		for (int i = 0; i < letters.length; i++) {
			char c = letters[i];
			if (upper && c >= 'a' && c <= 'z') {
				letters[i] = (char) (c - 'a' + 'A');
			}
			else if (!upper && c >= 'A' && c <= 'Z') {
				letters[i] = (char) (c - 'A' + 'a');
			}
			upper = (c == '-');
		}
		return new String(letters);
	}

}
