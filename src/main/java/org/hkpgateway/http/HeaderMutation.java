package org.hkpgateway.http;

/**
 * A change of header fields. Valid by construction: see {@link HeaderField}.
 */
public sealed interface HeaderMutation {

	/**
	 * The name of the header to change.
	 * @return a token
	 */
	String name();

	/**
	 * Replaces every value of the name.
	 *
	 * @param name a token
	 * @param value the only value afterwards
	 */
	record Set(String name, String value) implements HeaderMutation {

		public Set {
			HeaderField.checkName(name);
			HeaderField.checkValue(name, value);
		}

	}

	/**
	 * Adds one more value.
	 *
	 * @param name a token
	 * @param value the value to add
	 */
	record Append(String name, String value) implements HeaderMutation {

		public Append {
			HeaderField.checkName(name);
			HeaderField.checkValue(name, value);
		}

	}

	/**
	 * Removes every value of the name.
	 *
	 * @param name a token
	 */
	record Remove(String name) implements HeaderMutation {

		public Remove {
			HeaderField.checkName(name);
		}

	}

}
