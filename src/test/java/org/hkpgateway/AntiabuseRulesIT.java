package org.hkpgateway;

import java.io.IOException;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The shipped antiabuse plugin with its defaults and all that it can be granted: who
 * harvests, who searches in vain, and uploads that are no keys.
 */
@Timeout(180)
class AntiabuseRulesIT {

	@Test
	void eachIsRefusedForItsReasonAndLiftedUnderTheSameName() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s",
				"hkp.plugins.settings.antiabuse.body=prefix",
				"hkp.plugins.settings.antiabuse.grants=http.request,http.respond,http.response,http.request.body,state")) {
			for (int i = 0; i < 20; i++) {
				assertThat(search(gateway, "nobody@lab.example")).as("search %d", i).isEqualTo(404);
			}
			assertThat(search(gateway, "nobody@lab.example")).as("the answer is the keyserver's").isEqualTo(404);
			assertThat(search(gateway, "nobody@lab.example")).isEqualTo(429);
			gateway.await("the line of the refusal", () -> gateway.accessLog()
				.stream()
				.anyMatch((line) -> line.contains("status=429")
						&& line.contains("reason=\"more than 20 failed searches in 300 s, block 1 of this client\"")
						&& line.contains("antiabuse.rule=errors")));
			lift(gateway, "errors: 20 failed searches in 300 s, block 1");

			for (int i = 0; i < 20; i++) {
				assertThat(search(gateway, "@lab" + i + ".example")).as("search %d", i).isEqualTo(404);
			}
			assertThat(search(gateway, "*")).isEqualTo(429);
			lift(gateway, "harvest: 20 broad searches in 600 s, block 1");

			assertThat(upload(gateway, "keytext=nonsense")).isEqualTo(400);
			gateway.await("the line of the upload",
					() -> gateway.accessLog()
						.stream()
						.anyMatch((line) -> line.contains("antiabuse.reason=no armored key in keytext")));
		}
	}

	private static int search(GatewayProcess gateway, String text) throws IOException {
		return lookup(gateway, "index", text);
	}

	private static int lookup(GatewayProcess gateway, String operation, String text) throws IOException {
		return RawClient
			.exchange(gateway.port(),
					"GET /pks/lookup?op=" + operation + "&search=" + text + " HTTP/1.0\r\nHost: k\r\n\r\n")
			.status();
	}

	private static int upload(GatewayProcess gateway, String body) throws IOException {
		return RawClient.exchange(gateway.port(),
				"POST /pks/add HTTP/1.0\r\nHost: k\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
						+ body.length() + "\r\n\r\n" + body)
			.status();
	}

	private static void lift(GatewayProcess gateway, String block) throws Exception {
		assertThat(gateway.actuator("plugins/antiabuse/state").path("entries").toString())
			.contains("\"key\":\"127.0.0.1\",\"kind\":\"value\",\"content\":\"" + block + "\"");
		assertThat(gateway.delete("plugins/antiabuse/state?key=127.0.0.1").status()).isEqualTo(200);
		// Not a search, of which there must be exactly as many as are allowed.
		assertThat(lookup(gateway, "get", "0x12345678")).isEqualTo(404);
	}

}
