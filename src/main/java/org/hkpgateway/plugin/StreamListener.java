package org.hkpgateway.plugin;

/**
 * Is told what happens on the streams to plugins, for metrics.
 */
@FunctionalInterface
public interface StreamListener {

	/** Listens to nothing. */
	StreamListener NONE = (plugin, incident) -> {
	};

	/**
	 * Called on the thread that noticed it: must not block or throw.
	 * @param plugin to which the stream goes
	 * @param incident what happened
	 */
	void onIncident(PluginId plugin, Incident incident);

	/** What may happen. */
	enum Incident {

		/**
		 * An answer came that nobody waits for: of an unknown id, a second one, or too
		 * late.
		 */
		ANSWER_IGNORED,

		/**
		 * The stream ended though the gateway had not ended it, or with answers
		 * outstanding.
		 */
		STREAM_BROKEN,

		/**
		 * A request went by a call of its own, for want of a stream or of room on it; not
		 * for its large body.
		 */
		REQUEST_DIVERTED

	}

}
