package org.hkpgateway.conformance;

import org.hkpgateway.plugin.RequestEvent;

/**
 * One request of the corpus.
 *
 * @param name for people, and part of its id
 * @param event as the plugin is shown it
 */
record CorpusItem(String name, RequestEvent event) {

	/** The same request once more. */
	RequestEvent again(String prefix) {
		RequestEvent first = this.event;
		return new RequestEvent(prefix + "-" + this.name, first.head(), first.path(), first.query(), first.hkp(),
				first.client(), first.tls(), first.body(), first.annotations(), first.dryRun());
	}

}
