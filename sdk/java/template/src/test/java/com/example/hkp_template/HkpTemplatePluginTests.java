package com.example.hkp_template;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.test.PluginHarness;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

class HkpTemplatePluginTests {

	@Test
	void refusesShortSearches() throws Exception {
		try (PluginHarness plugin = start("{}")) {
			Decision decision = plugin.get("/pks/lookup?op=index&search=abc").handle();
			Respond respond = assertInstanceOf(Respond.class, decision);
			assertEquals(429, respond.status());
			assertEquals("60", respond.notes().headers().first("Retry-After").orElseThrow());
			assertEquals("Please search for at least 4 characters.\n", respond.bodyText());
		}
	}

	@Test
	void countsCharactersAndNotTheirHalves() throws Exception {
		try (PluginHarness plugin = start("{}")) {
			// Of two UTF-16 units each.
			assertInstanceOf(Respond.class, plugin.get("/pks/lookup?op=index&search=%F0%9F%94%91%F0%9F%94%91").handle());
			assertInstanceOf(Respond.class, plugin.get("/pks/lookup?op=vindex&search=abc").handle());
		}
	}

	@Test
	void letsTheOthersPass() throws Exception {
		try (PluginHarness plugin = start("{\"shortest_search\": 3}")) {
			assertInstanceOf(Allow.class, plugin.get("/pks/lookup?op=index&search=abc").handle());
			assertInstanceOf(Allow.class, plugin.get("/pks/lookup?op=get&search=0xa1b2c3d4").handle());
			assertInstanceOf(Allow.class, plugin.post("/pks/add").body("keytext=…").handle());
		}
	}

	@Test
	void namesTheKeyThatIsWrong() {
		ConfigException refused = assertThrows(ConfigException.class, () -> start("{\"shortest_search\": 0}"));
		assertEquals("configuration key 'shortest_search': expected: a whole number from 1 to 100, got: 0",
				refused.getMessage());
	}

	private static PluginHarness start(String config) throws Exception {
		return PluginHarness.of(new HkpTemplatePlugin()).config(config).start();
	}

}
