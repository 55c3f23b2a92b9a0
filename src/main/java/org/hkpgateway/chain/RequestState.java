package org.hkpgateway.chain;

import java.util.HashMap;
import java.util.Map;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;

/**
 * A request as it stands between two plugins, and the views of it that were built so far:
 * plugins of equal view share one event. Immutable.
 *
 * @param event with nothing withheld
 * @param bodyReplaced whether its body is no longer the client's
 * @param shown the view of the plugin whose turn it is; null before the first
 * @param built all views, the latest first
 */
record RequestState(RequestEvent event, boolean bodyReplaced, @Nullable Shown shown, @Nullable Shown built) {

	/** Notes of all plugins together: more are left out. */
	static final int MAX_ANNOTATIONS = 128;

	/** Characters of names and values of all notes together. */
	static final int MAX_ANNOTATION_CHARS = 32 * 1024;

	static RequestState of(RequestEvent event) {
		return new RequestState(event, false, null, null);
	}

	/** The same, with the view that a plugin gets. */
	RequestState shownTo(PluginView plugins) {
		PluginView view = plugins.on(this.event);
		if (this.shown != null && this.shown.by().equals(view)) {
			return this;
		}
		for (Shown known = this.built; known != null; known = known.earlier()) {
			if (known.by().equals(view)) {
				return new RequestState(this.event, this.bodyReplaced, known, this.built);
			}
		}
		Shown made = new Shown(view, view.of(this.event), this.built);
		return new RequestState(this.event, this.bodyReplaced, made, made);
	}

	/** What a plugin is shown: see {@link #shownTo}. */
	RequestEvent view() {
		return (this.shown != null) ? this.shown.event() : this.event;
	}

	/** Bytes of the views that were built which are not in the request itself. */
	long copied() {
		long bytes = 0;
		for (Shown known = this.built; known != null; known = known.earlier()) {
			bytes += (known.by().body() == BodyMode.PREFIX) ? known.event().body().bytes().remaining() : 0;
		}
		return bytes;
	}

	/**
	 * The request as it goes on after a plugin that was shown {@link #view()}.
	 * @param plugin the plugin
	 * @param decision what it wants
	 * @param changes how that is done
	 * @return the next state
	 * @throws IllegalArgumentException if it cannot be done; then nothing of it is
	 */
	RequestState after(PluginId plugin, Decision.Continue decision, RequestChanges changes) {
		if (!decision.changesRequest()) {
			return noting(plugin, decision.annotations());
		}
		RequestEvent next = changes.apply(decision, view(), this.event);
		return new RequestState(next, this.bodyReplaced || decision.body() != null, null, null).noting(plugin,
				decision.annotations());
	}

	/** The same with notes of a plugin, or as many of them as there is room for. */
	RequestState noting(PluginId plugin, Map<String, String> annotations) {
		if (annotations.isEmpty()) {
			return this;
		}
		Map<String, String> all = new HashMap<>(this.event.annotations());
		int chars = all.entrySet().stream().mapToInt(RequestState::chars).sum();
		for (Map.Entry<String, String> annotation : annotations.entrySet()) {
			Map.Entry<String, String> named = Map.entry(plugin + "." + annotation.getKey(), annotation.getValue());
			if (all.size() < MAX_ANNOTATIONS && chars + chars(named) <= MAX_ANNOTATION_CHARS) {
				all.put(named.getKey(), named.getValue());
				chars += chars(named);
			}
		}
		return new RequestState(this.event.withAnnotations(all), this.bodyReplaced, null, null);
	}

	/**
	 * The same with the gateway's own note that a plugin has failed, for which there is
	 * always room: no plugin can hide from others that one was left out.
	 */
	RequestState failing(PluginId plugin, String kind) {
		Map<String, String> all = new HashMap<>(this.event.annotations());
		all.put(plugin + ".failed", kind);
		return new RequestState(this.event.withAnnotations(all), this.bodyReplaced, null, null);
	}

	private static int chars(Map.Entry<String, String> annotation) {
		return annotation.getKey().length() + annotation.getValue().length();
	}

	/**
	 * Whether two views show the same, notes apart: what a plugin that reads none of them
	 * has decided about one is its decision about the other.
	 */
	static boolean alike(RequestEvent one, RequestEvent other) {
		return one.head().equals(other.head()) && one.body().equals(other.body());
	}

	/**
	 * A view that was built.
	 *
	 * @param by whose
	 * @param event what they are shown
	 * @param earlier the view that was built before it
	 */
	record Shown(PluginView by, RequestEvent event, @Nullable Shown earlier) {
	}

}
