package org.hkpgateway.chain;

import java.util.List;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;

/**
 * A place in the chain of one request.
 *
 * @param chosen who filled it, with rules that hold, when the request came
 */
record Place(PluginRegistry.Entry chosen) {

	/**
	 * A place that changes hands more often than this during one call does not answer.
	 */
	static final int MOST_LOOKS = 3;

	/** Whether its plugin decides about requests. */
	boolean decides() {
		return !isShadow() && !onlyReviews();
	}

	/** Whether its plugin sees the keyserver's answers, but no requests. */
	boolean onlyReviews() {
		return onlyReviews(this.chosen.spec());
	}

	static boolean onlyReviews(PluginSpec spec) {
		return spec.granted().contains(Capability.HTTP_RESPONSE) && !spec.granted().contains(Capability.HTTP_REQUEST);
	}

	boolean isShadow() {
		return isShadow(this.chosen.spec());
	}

	private static boolean isShadow(PluginSpec spec) {
		return spec.mode() == PluginMode.SHADOW;
	}

	/** Whether any plugin is asked in shadow mode; one that sees no requests is not. */
	static boolean anyShadowAsked(List<Place> places) {
		for (Place place : places) {
			if (place.isShadow() && !place.onlyReviews()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Who fills it now. Another generation may have come since, with rules of its own; a
	 * generation of another mode, or one that sees requests where the former did not, has
	 * no part in a request that was begun without it. One that wants more of the body
	 * than was read fails: were it skipped, the request would evade it.
	 * @param request the request as it came, with what was read of its body
	 * @return who, or why nobody is to be asked
	 */
	Now now(RequestEvent request) {
		PluginRegistry.Entry entry = this.chosen.current();
		if (entry == null || entry == this.chosen) {
			return new Now(entry, null);
		}
		MatchRules.Criterion mismatch = entry.spec().match().mismatch(request);
		if (mismatch != null) {
			return new Now(null, mismatch.label());
		}
		if (onlyReviews(entry.spec()) != onlyReviews()) {
			return new Now(null, "grants");
		}
		if (isShadow(entry.spec()) != isShadow()) {
			return new Now(null, "mode");
		}
		return new Now(decides() ? ShortOfBody.unlessEnough(entry, request) : entry, null);
	}

	/**
	 * Where a stage that begins here ends: a stage is a row of speculative plugins.
	 * Shadows and those that see no requests belong to none and part none.
	 * @param places the chain
	 * @param first a place
	 * @return the first place after the stage; at least the next one
	 */
	static int endOfStage(List<Place> places, int first) {
		int end = first + 1;
		if (!places.get(first).decides() || !places.get(first).chosen.spec().speculative()) {
			return end;
		}
		for (int i = end; i < places.size(); i++) {
			Place place = places.get(i);
			if (place.decides()) {
				if (!place.chosen.spec().speculative()) {
					break;
				}
				end = i + 1;
			}
		}
		return end;
	}

	/**
	 * Who fills a place.
	 *
	 * @param entry whom to ask; null for nobody
	 * @param why nobody, for the trace; null if the plugin has left the chain
	 */
	record Now(PluginRegistry.@Nullable Entry entry, @Nullable String why) {
	}

}
