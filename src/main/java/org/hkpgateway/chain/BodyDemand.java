package org.hkpgateway.chain;

import java.util.List;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginSpec;

/**
 * How much of a request body must be at hand before the chain runs.
 *
 * @param mode the most that any plugin of the chain gets
 * @param bytes for {@link BodyMode#PREFIX} how many; for {@link BodyMode#FULL} the most
 * that every such plugin can take, beyond which the answer is 413
 * @param wish how many bytes plugins in shadow mode would like to see, 0 for none: no
 * request must fail for want of them
 */
public record BodyDemand(BodyMode mode, int bytes, int wish) {

	/** Room for the rest of an event in a plugin's message limit. */
	static final int EVENT_HEADROOM = 128 * 1024;

	/** Nothing of it. */
	public static final BodyDemand NONE = new BodyDemand(BodyMode.NONE, 0, 0);

	static BodyDemand of(List<Place> places) {
		int prefix = 0;
		int full = Integer.MAX_VALUE;
		int wish = 0;
		for (Place place : places) {
			PluginSpec spec = place.chosen().spec();
			if (place.onlyReviews()) {
				continue;
			}
			if (place.isShadow()) {
				wish = Math.max(wish, wish(spec));
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
			return new BodyDemand(BodyMode.FULL, full, wish);
		}
		if (prefix > 0) {
			return new BodyDemand(BodyMode.PREFIX, prefix, wish);
		}
		return (wish > 0) ? new BodyDemand(BodyMode.NONE, 0, wish) : NONE;
	}

	private static int wish(PluginSpec spec) {
		return switch (spec.body()) {
			case NONE -> 0;
			case PREFIX -> spec.bodyPrefixBytes();
			case FULL -> full(spec);
		};
	}

	private static int full(PluginSpec spec) {
		return Math.max(spec.maxMessageBytes() - EVENT_HEADROOM, 0);
	}

}
