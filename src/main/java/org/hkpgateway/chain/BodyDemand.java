package org.hkpgateway.chain;

import java.util.List;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginSpec;

/**
 * How much of a request body must be at hand before the chain runs. Plugins in shadow
 * mode demand nothing: see {@link BodyTap}.
 *
 * @param mode the most that any plugin of the chain gets
 * @param bytes for {@link BodyMode#PREFIX} how many; for {@link BodyMode#FULL} the most
 * that every such plugin can take, beyond which the answer is 413
 */
public record BodyDemand(BodyMode mode, int bytes) {

	/** Room for the rest of an event in a plugin's message limit. */
	static final int EVENT_HEADROOM = 128 * 1024;

	/** Nothing of it. */
	public static final BodyDemand NONE = new BodyDemand(BodyMode.NONE, 0);

	static BodyDemand of(List<Place> places) {
		int prefix = 0;
		int full = Integer.MAX_VALUE;
		for (Place place : places) {
			PluginSpec spec = place.chosen().spec();
			if (place.onlyReviews()) {
				continue;
			}
			if (place.isShadow()) {
				continue;
			}
			switch (spec.body()) {
				case NONE -> {
				}
				case PREFIX -> prefix = Math.max(prefix, spec.bodyPrefixBytes());
				case FULL -> full = Math.min(full, full(spec));
			}
		}
		if (full != Integer.MAX_VALUE) {
			return new BodyDemand(BodyMode.FULL, full);
		}
		return (prefix > 0) ? new BodyDemand(BodyMode.PREFIX, prefix) : NONE;
	}

	/** Most bytes of a body that a plugin can take. */
	static int full(PluginSpec spec) {
		return Math.max(spec.maxMessageBytes() - EVENT_HEADROOM, 0);
	}

}
