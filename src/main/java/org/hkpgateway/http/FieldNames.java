package org.hkpgateway.http;

import java.util.ArrayList;
import java.util.List;

/**
 * An immutable set of field names. Asking it makes no garbage: it is asked for each field
 * of each message.
 */
public final class FieldNames {

	/** By length, which tells most names apart. */
	private final String[][] byLength;

	private FieldNames(String[][] byLength) {
		this.byLength = byLength;
	}

	/**
	 * Makes a set.
	 * @param names in lower case, with hyphens
	 * @return the set
	 */
	public static FieldNames of(String... names) {
		int longest = 0;
		for (String name : names) {
			longest = Math.max(longest, name.length());
		}
		String[][] byLength = new String[longest + 1][];
		for (int length = 0; length <= longest; length++) {
			List<String> same = new ArrayList<>();
			for (String name : names) {
				if (name.length() == length) {
					same.add(name);
				}
			}
			byLength[length] = same.toArray(new String[0]);
		}
		return new FieldNames(byLength);
	}

	/**
	 * Whether a name is one of them.
	 * @param name in any case
	 * @return true if it is
	 */
	public boolean contains(CharSequence name) {
		return find(name, false);
	}

	/**
	 * Whether some program could take a name for one of them.
	 * @param name in any case, also with underscores, which some frameworks take for
	 * hyphens
	 * @return true if it could
	 */
	public boolean couldContain(CharSequence name) {
		return find(name, true);
	}

	/**
	 * Whether some program could take a name for one that begins so.
	 * @param name in any case, also with underscores
	 * @param prefix in lower case, with hyphens
	 * @return true if it could
	 */
	static boolean couldBegin(CharSequence name, String prefix) {
		return name.length() >= prefix.length() && same(prefix, name, true);
	}

	private boolean find(CharSequence name, boolean underscores) {
		if (name.length() >= this.byLength.length) {
			return false;
		}
		for (String candidate : this.byLength[name.length()]) {
			if (same(candidate, name, underscores)) {
				return true;
			}
		}
		return false;
	}

	/** As far as the first one goes. */
	private static boolean same(String lowerCase, CharSequence name, boolean underscores) {
		for (int i = 0; i < lowerCase.length(); i++) {
			char c = name.charAt(i);
			if (c >= 'A' && c <= 'Z') {
				c = (char) (c + 'a' - 'A');
			}
			else if (underscores && c == '_') {
				c = '-';
			}
			if (c != lowerCase.charAt(i)) {
				return false;
			}
		}
		return true;
	}

}
