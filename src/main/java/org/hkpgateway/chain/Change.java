package org.hkpgateway.chain;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * One thing about a request, or its answer, that a plugin has changed.
 *
 * @param plugin who
 * @param part what
 * @param name of a header its name in lower case, else empty
 * @param over whose change of the same it replaces; null if there was none, or if a value
 * was added to it
 */
public record Change(PluginId plugin, Part part, String name, @Nullable PluginId over) {

	/** For example {@code cleaner:body} or {@code late:x-score>early}. */
	@Override
	public String toString() {
		String what = this.part.prefix + this.name;
		return this.plugin + ":" + what + ((this.over != null) ? ">" + this.over : "");
	}

	/** What can be changed. */
	public enum Part {

		/** A header of the request. */
		REQUEST_HEADER(""),
		/** A header of the answer. */
		RESPONSE_HEADER("response/"),
		/** Path or query. */
		TARGET("target"),
		/** The body of the request. */
		BODY("body");

		private final String prefix;

		Part(String prefix) {
			this.prefix = prefix;
		}

	}

}
