package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a plugin's process keeps with the gateway: it outlives the process, and an
 * operator sees and removes it.
 */
@Timeout(180)
class PluginStateIT {

	private static GatewayProcess gateway;

	@BeforeAll
	static void start(@TempDir Path plugins) throws IOException {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + plugins));
		for (String name : List.of("granted", "other", "denied")) {
			FakePluginProgram.installSpeaking(plugins, name, "BANS", false,
					"capabilities = [\"http.request\", \"http.respond\""
							+ (name.equals("denied") ? "]" : ", \"state\"]"));
			String settings = "hkp.plugins.settings." + name;
			properties.add(settings + ".required=true");
			properties.add(settings + ".timeout=15s");
			properties.add(settings + ".match.paths=/" + name + "/**");
			properties.add(settings + ".grants=http.request,http.respond" + (name.equals("denied") ? "" : ",state"));
		}
		properties.add("hkp.plugins.chain-budget=15s");
		gateway = GatewayProcess.start(properties.toArray(String[]::new));
	}

	@AfterAll
	static void stop() throws IOException {
		if (gateway != null) {
			gateway.close();
		}
	}

	private static RawClient.Answer ask(String path) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + path + " HTTP/1.0\r\nHost: k\r\n\r\n");
	}

	@Test
	void aBanOutlivesTheProcessAndIsLiftedByAnOperator() throws Exception {
		assertThat(ask("/granted/x").body()).isEqualTo("free, requests: 1");
		RawClient.Answer second = ask("/granted/x");
		assertThat(second.status()).isEqualTo(403);
		assertThat(second.body()).isEqualTo("banned, requests: 2");

		long pid = gateway.pluginPid("granted");
		SystemProcesses.signal(pid, "KILL");
		gateway.otherPluginPid("granted", pid);
		assertThat(ask("/granted/x").body()).isEqualTo("banned, requests: 3");
		assertThat(gateway.change("plugins/granted", "{\"action\":\"reload\"}").status()).isEqualTo(200);
		assertThat(ask("/granted/x").body()).isEqualTo("banned, requests: 4");

		JsonNode state = gateway.actuator("plugins/granted/state");
		assertThat(state.path("keys").asInt()).isEqualTo(3);
		assertThat(state.path("entries").toString()).contains(
				"{\"key\":\"ban:127.0.0.1\",\"kind\":\"value\",\"content\":\"banned\",\"bytes\":19,\"remainingSeconds\":",
				"{\"key\":\"requests\",\"kind\":\"counter\",\"content\":\"4\",\"bytes\":16,\"remainingSeconds\":",
				"{\"key\":\"tokens:127.0.0.1\",\"kind\":\"bucket\",\"content\":\"\",\"bytes\":80,\"remainingSeconds\":");
		gateway.await("what is kept, in the metrics", () -> measured("hkp.plugin.kept.keys?tag=plugin:granted") == 3
				&& measured("hkp.plugin.kept.bytes?tag=plugin:granted") == 19 + 16 + 80);
		assertThat(measured("hkp.plugin.kept.keys?tag=plugin:denied")).isZero();
		assertThat(measured("hkp.state.max.keys")).isEqualTo(100_000);
		assertThat(gateway.delete("plugins/granted/state?key=ban:127.0.0.1", null).status()).isEqualTo(401);
		assertThat(gateway.delete("plugins/granted/state?key=").status()).isEqualTo(400);
		assertThat(gateway.delete("plugins/granted/nothing?key=a").status()).isEqualTo(404);
		for (String key : List.of("ban:127.0.0.1", "tokens:127.0.0.1")) {
			GatewayProcess.Changed lifted = gateway.delete("plugins/granted/state?key=" + key);
			assertThat(lifted.status()).isEqualTo(200);
			assertThat(lifted.body().path("deleted").asInt()).isEqualTo(1);
		}
		assertThat(ask("/granted/x").body()).isEqualTo("free, requests: 5");
		assertThat(ask("/granted/x").body()).isEqualTo("banned, requests: 6");
		assertThat(ask("/granted/forgive").body()).isEqualTo("forgiven");
		assertThat(ask("/granted/x").body()).isEqualTo("free, requests: 7");
	}

	@Test
	void anotherPluginHasItsOwn() throws Exception {
		assertThat(ask("/other/x").body()).isEqualTo("free, requests: 1");
	}

	@Test
	void withoutTheGrantNothingIsKept() throws Exception {
		assertThat(ask("/denied/x").body()).isEqualTo("PERMISSION_DENIED: expected: the grant state, got: a plugin "
				+ "without it; the manifest of denied has to request it, and the operator to grant it");
		assertThat(gateway.actuator("plugins/denied/state").path("keys").asInt(-1)).isZero();
		gateway.await("the count of refusals",
				() -> measured("hkp.plugin.host.refused?tag=plugin:denied&tag=reason:not_granted") == 1);
	}

	private static int measured(String meter) {
		return gateway.actuator("metrics/" + meter).path("measurements").path(0).path("value").asInt();
	}

}
