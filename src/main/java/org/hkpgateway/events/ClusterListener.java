package org.hkpgateway.events;

import java.util.Locale;

/**
 * Is told what becomes of events between replicas, for metrics, on any thread: must be
 * quick, and must not block or throw.
 */
public interface ClusterListener {

	/**
	 * Events went to the other replicas.
	 * @param events how many
	 */
	void sent(int events);

	/** An event of another replica came. */
	void received();

	/**
	 * Events of another replica will never come, as the number of a later one shows.
	 * @param events how many
	 */
	void missed(long events);

	/**
	 * Events, or what should have been some, go no further.
	 * @param why the reason
	 * @param events how many
	 */
	void dropped(Dropped why, int events);

	/** Why an event goes no further. */
	enum Dropped {

		/** Too many waited to be sent, or sending one failed. */
		UNSENT,
		/** Too many of other replicas waited to be read. */
		UNREAD,
		/** It came before, or behind later ones. */
		REPEATED,
		/** It is not what gateways send. */
		MALFORMED;

		/**
		 * For metrics.
		 * @return a lower-case word
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
