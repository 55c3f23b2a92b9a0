package com.example;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.Respond;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class NoHarvestingTests {

	@Test
	void deniesShortSearches() {
		NoHarvesting plugin = new NoHarvesting();
		plugin.init(PluginContext.forTest("{\"shortest_search\": 3}"));
		assertThat(plugin.handle(search("ab"))).isInstanceOfSatisfying(Respond.class,
				(respond) -> assertThat(respond.status()).isEqualTo(429));
		assertThat(plugin.handle(search("abc"))).isInstanceOf(Allow.class);
	}

	private static Request search(String text) {
		return Request.builder("GET", "/pks/lookup?op=index&search=" + text)
			.hkp(HkpQuery.of(Operation.LOOKUP_INDEX, text))
			.build();
	}

}
