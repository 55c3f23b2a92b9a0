package org.hkpgateway.events;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.hkpgateway.plugin.PluginId;

/**
 * Remembers what was counted.
 */
public final class Counts implements EventListener {

	public final Map<String, Long> all = new ConcurrentHashMap<>();

	@Override
	public void published(String type) {
		add("published " + type, 1);
	}

	@Override
	public void delivered(PluginId plugin, int events) {
		add("delivered " + plugin, events);
	}

	@Override
	public void lost(PluginId plugin, long events) {
		add("lost " + plugin, events);
	}

	@Override
	public void refused(PluginId plugin) {
		add("refused " + plugin, 1);
	}

	private void add(String what, long number) {
		this.all.merge(what, number, Long::sum);
	}

}
