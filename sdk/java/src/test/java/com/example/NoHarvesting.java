package com.example;

import java.time.Duration;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.Request;

public class NoHarvesting implements PluginHandler {

	private int shortest;

	public static void main(String[] args) {
		HkpPlugin.serve(new NoHarvesting());
	}

	@Override
	public void init(PluginContext context) {
		this.shortest = context.config().getInt("shortest_search", 4, 1, 100);
	}

	@Override
	public Decision handle(Request request) {
		String search = request.hkp().map(HkpQuery::search).orElse("");
		if (request.is(Operation.LOOKUP_INDEX) && search.length() < this.shortest) {
			return Decision.deny(429)
				.retryAfter(Duration.ofMinutes(1))
				.text("Please search for at least " + this.shortest + " characters.")
				.reason("search too short");
		}
		return Decision.allow();
	}

}
