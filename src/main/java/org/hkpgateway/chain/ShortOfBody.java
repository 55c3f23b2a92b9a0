package org.hkpgateway.chain;

import java.time.Duration;
import java.util.Locale;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A generation that came after a request's body was read for another one, and wants more
 * of it than was read. It is not asked, as it would decide about something else than it
 * was set up for; its fail policy says what becomes of the request.
 *
 * @param entry that generation
 */
record ShortOfBody(PluginRegistry.Entry entry) implements PluginRegistry.Entry, PluginClient {

	/**
	 * Looks at what a generation would be shown.
	 * @param entry the generation
	 * @param request the request, with what was read of its body
	 * @return the entry itself if it would see as much of the body as it wants
	 */
	static PluginRegistry.Entry unlessEnough(PluginRegistry.Entry entry, RequestEvent request) {
		PluginSpec spec = entry.spec();
		boolean enough = Shadows.isAtHand(spec, PluginView.of(spec).of(request).body());
		return enough ? entry : new ShortOfBody(entry);
	}

	@Override
	public PluginSpec spec() {
		return this.entry.spec();
	}

	/** It may still see the keyserver's answer. */
	static PluginRegistry.Entry unwrapped(PluginRegistry.Entry entry) {
		return (entry instanceof ShortOfBody instead) ? instead.entry : entry;
	}

	@Override
	public @Nullable PluginClient client() {
		return this;
	}

	@Override
	public @Nullable PluginClient rehearsal() {
		return this;
	}

	/** Nothing is asked, so nothing is changed. */
	@Override
	public boolean declaresDryRun() {
		return true;
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.error(() -> new PluginFailure.Unavailable(spec().id(), "expected: body "
				+ spec().body().name().toLowerCase(Locale.ROOT)
				+ ", got: a request that came before the plugin was reloaded with that, of which less was read"));
	}

}
