package org.hkpgateway.storage;

import java.util.List;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyQuery;

/**
 * What came of a query.
 */
sealed interface Answer {

	/**
	 * About how much memory it takes.
	 * @return bytes
	 */
	int weight();

	/**
	 * Whether the change of a key may have made it wrong.
	 * @param query what was asked
	 * @param fingerprint of the key, upper-case hex
	 * @return false if it is as right as before
	 */
	boolean isAffected(KeyQuery query, String fingerprint);

	/** All keys, or none if there are none. */
	record Found(List<KeyInfo> keys) implements Answer {

		/** Of the entry itself, measured roughly. */
		private static final int OWN = 400;

		/** {@code 0x} and eight digits, which many keys may share. */
		private static final int SHORT_NAME = 10;

		public Found {
			keys = List.copyOf(keys);
		}

		@Override
		public int weight() {
			long weight = OWN;
			for (KeyInfo key : this.keys) {
				weight += key.weight();
			}
			return (int) Math.min(weight, 1 << 30);
		}

		/**
		 * Nobody knows which user ids and subkeys the key has now, so a text, a name that
		 * many may have and a name that nobody had may now find it.
		 */
		@Override
		public boolean isAffected(KeyQuery query, String fingerprint) {
			return this.keys.isEmpty() || !query.isName() || query.term().length() <= SHORT_NAME
					|| this.keys.stream().anyMatch((key) -> key.fingerprint().equals(fingerprint));
		}

	}

	/** There was no answer. It is not kept. */
	record Failed(Throwable failure) implements Answer {

		@Override
		public int weight() {
			return 0;
		}

		@Override
		public boolean isAffected(KeyQuery query, String fingerprint) {
			return true;
		}

	}

}
