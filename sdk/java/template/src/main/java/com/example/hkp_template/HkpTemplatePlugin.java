package com.example.hkp_template;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * Refuses searches so short that they can only be meant to harvest addresses.
 */
public class HkpTemplatePlugin implements PluginHandler {

	private static final PluginLog log = PluginLog.get("hkp-template");

	private HkpTemplateConfig config;

	public static void main(String[] args) {
		HkpPlugin.serve(new HkpTemplatePlugin());
	}

	@Override
	public PluginOptions options() {
		// Nothing here waits for anything, so the network thread may do it.
		return PluginOptions.defaults()
			.description("Refuses searches that are too short")
			.threads(0)
			.supportsDryRun();
	}

	@Override
	public void init(PluginContext context) {
		this.config = context.config().as(HkpTemplateConfig.class);
		log.info("ready", "shortest_search", this.config.shortestSearch());
	}

	@Override
	public Decision handle(Request request) {
		String search = request.hkp().map(HkpQuery::search).orElse("");
		if (request.is(Operation.LOOKUP_INDEX, Operation.LOOKUP_VINDEX)
				&& search.codePointCount(0, search.length()) < this.config.shortestSearch()) {
			return Decision.deny(429)
				.retryAfter(this.config.retryAfter())
				.text("Please search for at least " + this.config.shortestSearch() + " characters.")
				.reason("search too short");
		}
		return Decision.allow();
	}

}
