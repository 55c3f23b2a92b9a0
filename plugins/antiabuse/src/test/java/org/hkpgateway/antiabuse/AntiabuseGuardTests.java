package org.hkpgateway.antiabuse;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.sdk.Allow;
import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.Respond;
import org.hkpgateway.sdk.config.PluginConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AntiabuseGuard}.
 */
class AntiabuseGuardTests {

	private final AtomicLong time = new AtomicLong();

	@Test
	void overTheLimitIs429WithRetryAfterAndASentence() {
		AntiabuseGuard guard = guard("{}");
		for (int i = 0; i < 100; i++) {
			assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		}
		Respond refused = (Respond) decide(guard, get("192.0.2.1"));
		assertThat(refused.status()).isEqualTo(429);
		// 100 at once leave the window together, nine eighths of it after the slot began.
		assertThat(refused.notes().headers().first("Retry-After")).contains("12");
		assertThat(refused.notes().headers().first("Content-Type")).contains("text/plain; charset=utf-8");
		assertThat(refused.bodyText())
			.isEqualTo("Too many requests from your address. Please try again in 12 seconds.\n");
		assertThat(refused.notes().annotations()).containsEntry("rule", "rate-limit");
		assertThat(refused.notes().reason()).contains("more than 100 requests in 10 s");
		this.time.addAndGet(Duration.ofMillis(11_200).toNanos());
		Respond last = (Respond) decide(guard, get("192.0.2.1"));
		assertThat(last.notes().headers().first("Retry-After")).contains("1");
		assertThat(last.bodyText()).contains("in 1 second.");
		this.time.addAndGet(Duration.ofMillis(50).toNanos());
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
	}

	@Test
	void refreshingNinetyKeysPasses() {
		AntiabuseGuard guard = guard("{}");
		for (int i = 0; i < 90; i++) {
			assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		}
	}

	@Test
	void whatAClientWritesIsNoAbuse() {
		AntiabuseGuard guard = guard("{}");
		for (String search : new String[] { "test@example.org", "bot", "robot@spam.example", "' OR 1=1 --" }) {
			Request request = Request.builder("GET", "/pks/lookup?op=index&search=x")
				.hkp(HkpQuery.of(Operation.LOOKUP_INDEX, search))
				.header("User-Agent", "curl bot")
				.build();
			assertThat(decide(guard, request)).isEqualTo(Decision.allow());
		}
	}

	@Test
	void noHeaderChangesWhoIsCounted() {
		AntiabuseGuard guard = guard("{\"threshold\": 2}");
		for (int i = 0; i < 5; i++) {
			Decision decision = decide(guard,
					Request.builder("GET", "/")
						.header("X-Forwarded-For", "203.0.113." + i)
						.header("X-Real-Ip", "203.0.113." + i)
						.build());
			assertThat(decision instanceof Allow).isEqualTo(i < 2);
		}
	}

	@Test
	void healthIsNeverCountedNorBlocked() {
		AntiabuseGuard guard = guard("{\"threshold\": 1, \"block\": [\"192.0.2.66\"]}");
		for (int i = 0; i < 10; i++) {
			assertThat(decide(guard, of(Operation.HEALTH, "192.0.2.1"))).isInstanceOf(Allow.class);
		}
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Respond.class);
		assertThat(decide(guard, of(Operation.HEALTH, "192.0.2.1"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, of(Operation.HEALTH, "192.0.2.66"))).isInstanceOf(Allow.class);
	}

	@Test
	void hashqueriesAreCountedApart() {
		AntiabuseGuard guard = guard("{\"threshold\": 1, \"hashquery_threshold\": 3}");
		for (int i = 0; i < 3; i++) {
			assertThat(decide(guard, of(Operation.HASHQUERY, "192.0.2.1"))).isInstanceOf(Allow.class);
		}
		Respond refused = (Respond) decide(guard, of(Operation.HASHQUERY, "192.0.2.1"));
		assertThat(refused.notes().annotations()).containsEntry("rule", "hashquery-rate-limit");
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Respond.class);
	}

	@Test
	void listsOfAddresses() {
		AntiabuseGuard guard = guard("""
				{"threshold": 1, "allow": ["192.0.2.0/28"], "block": ["192.0.2.0/24", "2001:db8:bad::/48"]}""");
		for (int i = 0; i < 5; i++) {
			assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		}
		for (String address : new String[] { "192.0.2.200", "2001:db8:bad::1", "::ffff:192.0.2.200" }) {
			Respond refused = (Respond) decide(guard, get(address));
			assertThat(refused.status()).isEqualTo(403);
			assertThat(refused.bodyText()).isEqualTo("Requests from your address are not accepted here.\n");
			assertThat(refused.notes().annotations()).containsEntry("rule", "block-list");
		}
	}

	@Test
	void ipv6IsCountedByNetwork() {
		AntiabuseGuard guard = guard("{\"threshold\": 2}");
		assertThat(decide(guard, get("2001:db8::1"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, get("2001:db8::2"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, get("2001:db8::ffff:ffff:ffff:ffff"))).isInstanceOf(Respond.class);
		assertThat(decide(guard, get("2001:db8:0:1::1"))).isInstanceOf(Allow.class);
	}

	@Test
	void aDryRunCountsNothing() {
		AntiabuseGuard guard = guard("{\"threshold\": 1}");
		Request dry = Request.builder("GET", "/").dryRun().build();
		for (int i = 0; i < 5; i++) {
			assertThat(decide(guard, dry)).isInstanceOf(Allow.class);
		}
		assertThat(decide(guard, get("192.0.2.1"))).isInstanceOf(Allow.class);
		assertThat(decide(guard, dry)).isInstanceOf(Respond.class);
	}

	private AntiabuseGuard guard(String json) {
		return new AntiabuseGuard(AntiabuseConfig.parse(PluginConfig.parse(json)), null, this.time::get);
	}

	private static Decision decide(AntiabuseGuard guard, Request request) {
		return guard.decide(request).toCompletableFuture().join();
	}

	private static Request get(String address) {
		return of(Operation.LOOKUP_GET, address);
	}

	private static Request of(Operation operation, String address) {
		return Request.builder("GET", "/pks/lookup?op=get&search=0xAB")
			.client(new InetSocketAddress(address, 4711))
			.hkp(HkpQuery.of(operation, "0xAB"))
			.build();
	}

}
