package org.hkpgateway.storage;

import java.util.Locale;

import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;

/**
 * Is told what becomes of queries, on any thread: must be quick and must not block.
 */
public interface StorageListener {

	/**
	 * A query has ended, by itself.
	 * @param type what was asked
	 * @param result what came of it
	 * @param nanos how long it took
	 */
	void answered(KeyQuery.Type type, Result result, long nanos);

	/**
	 * An answer was looked for among those that are kept.
	 * @param found where it was
	 */
	void looked(Looked found);

	/**
	 * Answers were dropped because a key has changed.
	 * @param answers how many
	 */
	void dropped(int answers);

	/**
	 * A plugin was asked in the keyserver's place.
	 * @param plugin which
	 * @param provided what came of it
	 */
	void provided(PluginId plugin, Provided provided);

	/** What came of asking a plugin. */
	enum Provided {

		/** It has answered. */
		ANSWERED,
		/** It left the query to the keyserver. */
		DECLINED,
		/** It did not answer, or not as it should: the keyserver was asked. */
		FAILED;

		/**
		 * The name in metrics.
		 * @return for example {@code declined}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/** What came of a query. */
	enum Result {

		/** Keys. */
		FOUND,
		/** There is no such key. */
		NONE,
		/** As {@link StorageException.Reason#UNAVAILABLE}. */
		UNAVAILABLE,
		/** As {@link StorageException.Reason#TOO_MUCH}. */
		TOO_MUCH;

		/**
		 * The name in metrics.
		 * @return for example {@code too_much}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/** Where an answer was found. */
	enum Looked {

		/** It was kept. */
		HIT,
		/** An equal query was under way: the answer is that of both. */
		SHARED,
		/** Nowhere. */
		MISS;

		/**
		 * The name in metrics.
		 * @return for example {@code hit}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
