package org.hkpgateway.events;

import org.hkpgateway.plugin.PluginId;

/**
 * Is told what becomes of events, for metrics, on any thread: must be quick, and must not
 * block or throw.
 */
public interface EventListener {

	/** Listens to nothing. */
	EventListener NONE = new EventListener() {

		@Override
		public void published(String type) {
		}

		@Override
		public void delivered(PluginId plugin, int events) {
		}

		@Override
		public void lost(PluginId plugin, long events) {
		}

		@Override
		public void refused(PluginId plugin) {
		}

	};

	/**
	 * Somebody wants an event, so it was made.
	 * @param type of the event
	 */
	void published(String type);

	/**
	 * A plugin got events.
	 * @param plugin who
	 * @param events how many
	 */
	void delivered(PluginId plugin, int events);

	/**
	 * A plugin will never get events that it wanted.
	 * @param plugin who
	 * @param events how many
	 */
	void lost(PluginId plugin, long events);

	/**
	 * A plugin emitted an event that it may not.
	 * @param plugin who
	 */
	void refused(PluginId plugin);

}
