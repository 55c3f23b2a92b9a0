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
 * none, because its match rules do not hold, it is in shadow mode, or it sees no requests
 * @param reviews whether it takes part in the response phase
 */
public record Seat(PluginSpec spec, int stage, boolean reviews) {

	/**
	 * Whether the plugin is not asked about requests at all.
	 * @return true if it is granted nothing but to see the keyserver's answers
	 */
	public boolean onlyReviews() {
		return Place.onlyReviews(this.spec);
	}

	static List<Seat> all(List<PluginRegistry.Entry> chain, List<Place> places) {
		List<Seat> seats = new ArrayList<>(chain.size());
		int stage = 0;
		int end = 0;
		int index = 0;
		for (PluginRegistry.Entry entry : chain) {
			boolean matches = index < places.size() && places.get(index).chosen() == entry;
			boolean decides = matches && places.get(index).decides();
			if (decides && index >= end) {
				stage++;
				end = Place.endOfStage(places, index);
			}
			seats.add(new Seat(entry.spec(), decides ? stage : 0,
					matches && !places.get(index).isShadow() && ResponsePhase.takesPart(entry)));
			index += matches ? 1 : 0;
		}
		return seats;
	}

}
