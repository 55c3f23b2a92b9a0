package com.example;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.test.PluginHarness;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class NoHarvestingTests {

	@Test
	void refusesShortSearches() throws Exception {
		try (PluginHarness plugin = PluginHarness.of(new NoHarvesting()).config("{\"shortest_search\": 3}").start()) {
			assertThat(plugin.get("/pks/lookup?op=index&search=ab").handle()).isInstanceOfSatisfying(Respond.class,
					(respond) -> assertThat(respond.status()).isEqualTo(429));
			assertThat(plugin.get("/pks/lookup?op=index&search=abc").handle()).isInstanceOf(Allow.class);
		}
	}

}
