package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginId;

/**
 * Who changed what about one request and its answer, in order. Costs nothing until
 * somebody does.
 */
final class Provenance {

	private List<Change> changes = List.of();

	private final Map<String, PluginId> latest = new HashMap<>(0);

	/**
	 * Goes on where another one ended.
	 * @param before what was changed so far
	 */
	Provenance(List<Change> before) {
		before.forEach(this::add);
	}

	/**
	 * Takes down what a decision has changed.
	 * @param plugin whose it is
	 * @param decision one that was applied
	 */
	void add(PluginId plugin, Decision.Continue decision) {
		if (decision.rewrite() != null) {
			add(plugin, Change.Part.TARGET, "", true);
		}
		BodyReplacement body = decision.body();
		if (body != null) {
			add(plugin, Change.Part.BODY, "", true);
			if (body.contentType() != null) {
				add(plugin, Change.Part.REQUEST_HEADER, "content-type", true);
			}
		}
		add(plugin, Change.Part.REQUEST_HEADER, decision.requestHeaders());
		add(plugin, Change.Part.RESPONSE_HEADER, decision.responseHeaders());
	}

	/**
	 * Takes down that an answer has fields which plugins before had wanted otherwise.
	 * @param plugin whose answer it is
	 * @param own its fields
	 * @param earlier what those before had wanted
	 */
	void answered(PluginId plugin, Headers own, List<HeaderMutation> earlier) {
		add(plugin, Change.Part.RESPONSE_HEADER,
				earlier.stream()
					.filter((mutation) -> !(mutation instanceof HeaderMutation.Append) && own.contains(mutation.name()))
					.toList());
	}

	/**
	 * Takes down changes of headers.
	 * @param plugin whose they are
	 * @param part of the request or of the answer
	 * @param mutations changes that were applied
	 */
	void add(PluginId plugin, Change.Part part, List<HeaderMutation> mutations) {
		for (HeaderMutation mutation : mutations) {
			add(plugin, part, mutation.name().toLowerCase(Locale.ROOT), !(mutation instanceof HeaderMutation.Append));
		}
	}

	private void add(PluginId plugin, Change.Part part, String name, boolean replaces) {
		PluginId before = this.latest.get(key(part, name));
		if (plugin.equals(before)) {
			if (replaces) {
				replacedAfterAll(plugin, part, name);
			}
			return;
		}
		add(new Change(plugin, part, name, replaces ? before : null));
	}

	/** It had added to what another had set, and now replaces that. */
	private void replacedAfterAll(PluginId plugin, Change.Part part, String name) {
		int own = -1;
		for (int i = this.changes.size() - 1; i >= 0; i--) {
			Change change = this.changes.get(i);
			if (change.part() == part && change.name().equals(name)) {
				if (own < 0) {
					own = i;
				}
				else if (this.changes.get(own).over() == null) {
					this.changes.set(own, new Change(plugin, part, name, change.plugin()));
					return;
				}
			}
		}
	}

	private void add(Change change) {
		this.latest.put(key(change.part(), change.name()), change.plugin());
		if (this.changes.isEmpty()) {
			this.changes = new ArrayList<>();
		}
		this.changes.add(change);
	}

	private static String key(Change.Part part, String name) {
		return part + " " + name;
	}

	List<Change> changes() {
		return List.copyOf(this.changes);
	}

}
