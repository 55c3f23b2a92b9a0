package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * Who fills a plugin's place. Immutable, so that any thread reads a consistent one.
 *
 * @param active decides requests, or would if it were READY
 * @param candidate starts in order to take over; null outside a swap
 * @param standby was active before; null unless the active one is on trial
 * @param enabled whether the plugin is wanted
 * @param joined whether requests are to wait for it: from the gateway's start, else as
 * soon as its first start has ended
 */
record Occupants(Place active, @Nullable Place candidate, @Nullable Place standby, boolean enabled, boolean joined) {

	boolean inChain() {
		Set<Capability> granted = this.active.spec().granted();
		return this.enabled && this.joined
				&& (granted.contains(Capability.HTTP_REQUEST) || granted.contains(Capability.HTTP_RESPONSE));
	}

	/**
	 * Who decides for a request that came to a place.
	 * @param place this plugin's, present or past
	 * @return the same while it runs; null if the plugin has left the chain
	 */
	@Nullable Place inPlaceOf(Place place) {
		if (!inChain()) {
			return null;
		}
		// Until the roll-back, the one that stands by helps out.
		boolean helped = this.standby != null && this.standby.running()
				&& (this.active.broken() || !this.active.running());
		if (helped) {
			return this.standby;
		}
		boolean stays = (place == this.active || place == this.standby) && place.running();
		return stays ? place : this.active;
	}

	/** What asks this plugin for keys, if it may be asked and can be. */
	Optional<KeyProvider.Named> keyProvider() {
		if (!this.enabled) {
			return Optional.empty();
		}
		Place standby = this.standby;
		Place place = (standby != null && (this.active.broken() || !this.active.running())) ? standby : this.active;
		PluginSpec spec = place.spec();
		PluginClient client = place.client();
		boolean may = spec.granted().contains(Capability.STORAGE_PROVIDE) && spec.mode() != PluginMode.SHADOW;
		KeyProvider keys = (may && client != null) ? client.keys() : null;
		return (keys != null) ? Optional.of(new KeyProvider.Named(spec.id(), keys)) : Optional.empty();
	}

	/** Whether a place is the new generation's while the former one can still help. */
	boolean onTrial(Place place) {
		return place == this.active && this.standby != null && this.standby.running();
	}

	List<Place> all() {
		return Stream.of(this.active, this.candidate, this.standby).filter(Objects::nonNull).toList();
	}

	/** The only one left. */
	Occupants only(Place active) {
		return new Occupants(active, null, null, this.enabled, this.joined);
	}

	Occupants preparing(Place candidate) {
		return new Occupants(this.active, candidate, null, this.enabled, this.joined);
	}

	Occupants onTrial(Place active, Place standby) {
		return new Occupants(active, null, standby, this.enabled, this.joined);
	}

	Occupants wanted(boolean enabled, boolean joined) {
		return new Occupants(this.active, this.candidate, this.standby, enabled, joined);
	}

}
