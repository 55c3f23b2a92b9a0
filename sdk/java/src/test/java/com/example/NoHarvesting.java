package com.example;

import java.time.Duration;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.config.Default;
import org.hkpgateway.sdk.config.Range;

public class NoHarvesting implements PluginHandler {

	record Config(@Default("4") @Range(min = 1, max = 100) int shortestSearch, @Default("1m") Duration retryAfter) {
	}

	private Config config;

	public static void main(String[] args) {
		HkpPlugin.serve(new NoHarvesting());
	}

	@Override
	public void init(PluginContext context) {
		this.config = context.config().as(Config.class);
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
