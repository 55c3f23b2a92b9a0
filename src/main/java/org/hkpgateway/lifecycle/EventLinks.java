package org.hkpgateway.lifecycle;

import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginSpec;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * Ties processes of plugins to the event bus.
 */
@FunctionalInterface
public interface EventLinks {

	/** Ties nothing. */
	EventLinks NONE = (spec, client) -> Disposables.disposed();

	/**
	 * Ties a process that is READY, as far as its grants allow. Does not block.
	 * @param spec the plugin
	 * @param client the process
	 * @return to be disposed of when the process is to be left alone
	 */
	Disposable open(PluginSpec spec, EventClient client);

	/**
	 * Ties processes to a bus.
	 * @param events the bus
	 * @return what ties them
	 */
	static EventLinks to(PluginEvents events) {
		return (spec, client) -> new EventLink(spec, client, events).open();
	}

}
