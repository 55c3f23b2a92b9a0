package com.example;

import java.time.Duration;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.test.PluginHarness;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of the README do what it says.
 */
class ExamplesTests {

	@Test
	void theSharedLimit() throws Exception {
		try (PluginHarness plugin = PluginHarness.of(new SharedLimit()).start()) {
			for (int i = 0; i < 100; i++) {
				assertThat(plugin.get("/").handle()).isInstanceOf(Allow.class);
			}
			assertThat(plugin.get("/").handle()).isInstanceOf(Respond.class);
			assertThat(plugin.get("/").from("192.0.2.2").handle()).isInstanceOf(Allow.class);
			plugin.host().clock().advance(Duration.ofSeconds(1));
			assertThat(plugin.get("/").handle()).isInstanceOf(Allow.class);
			plugin.host().fail(HostException.Reason.UNAVAILABLE);
			assertThat(plugin.get("/").handle().notes().annotations()).containsEntry("limit", "unknown");
		}
	}

	@Test
	void noHarvestingCountsCharactersAndNotTheirHalves() throws Exception {
		try (PluginHarness plugin = PluginHarness.of(new NoHarvesting()).config("{\"shortest_search\": 3}").start()) {
			// Of two UTF-16 units each.
			assertThat(plugin.get("/pks/lookup?op=index&search=%F0%9F%94%91%F0%9F%94%91").handle())
				.isInstanceOf(Respond.class);
			assertThat(plugin.get("/pks/lookup?op=vindex&search=ab").handle()).isInstanceOf(Respond.class);
		}
	}

	@Test
	void theErrorWatch() throws Exception {
		try (PluginHarness plugin = PluginHarness.of(new ErrorWatch()).grant("http.request.rewrite").start()) {
			assertThat(plugin.get("/pks/lookup?op=get&search=0xa1b2c3d4").answered(404).onResponse().annotations())
				.containsEntry("status", "404");
			assertThat(plugin.get("/").handle().notes().delayMillis()).isEqualTo(500);
			plugin.deliver(Event.of("key.changed").metadata("fingerprint", "AB"));
			assertThat(plugin.provideKeys(KeyQuery.lookup("0xA1B2C3D4"))).isPresent();
			assertThat(plugin.provideKeys(KeyQuery.search("alice"))).isEmpty();
		}
	}

	@Test
	void theHost() throws Exception {
		ErrorWatch watch = new ErrorWatch();
		try (PluginHarness plugin = PluginHarness.of(watch).start()) {
			plugin.host().keys().add(KeyInfo.of("A".repeat(40), "Alice <alice@lab.example>"));
			assertThat(watch.countKeys("alice@lab.example").toCompletableFuture()).isCompletedWithValue(1);
			assertThat(watch.logAll("lab.example").toCompletableFuture()).isCompletedWithValue(1L);
			// In the harness its name is another one.
			assertThat(watch.tell("192.0.2.1").toCompletableFuture()).isCompletedExceptionally();
		}
	}

}
