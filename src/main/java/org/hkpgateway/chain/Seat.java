package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Where a plugin stands in the chain, as far as one request is concerned.
 *
 * @param spec the plugin
 * @param stage number of the group that is asked at the same time, from 1; 0 if it is in
 * none, because its match rules do not hold or it is in shadow mode
 * @param reviews whether it takes part in the response phase
 */
public record Seat(PluginSpec spec, int stage, boolean reviews) {

	static List<Seat> all(List<PluginRegistry.Entry> chain, List<Place> places) {
		List<Seat> seats = new ArrayList<>(chain.size());
		int stage = 0;
		int end = 0;
		int index = 0;
		for (PluginRegistry.Entry entry : chain) {
			boolean matches = index < places.size() && places.get(index).chosen() == entry;
			boolean shadow = matches && places.get(index).isShadow();
			if (matches && !shadow && index >= end) {
				stage++;
				end = Place.endOfStage(places, index);
			}
			seats.add(new Seat(entry.spec(), (matches && !shadow) ? stage : 0,
					matches && !shadow && ResponsePhase.takesPart(entry)));
			index += matches ? 1 : 0;
		}
		return seats;
	}

}
