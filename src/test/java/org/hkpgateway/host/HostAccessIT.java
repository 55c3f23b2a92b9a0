package org.hkpgateway.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.grpc.StatusRuntimeException;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin of a real gateway calls it back with what is in its environment.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HostAccessIT {

	private static final String ADDRESS = "PLUGIN_HOST_ADDRESS";

	private static final String TOKEN = "PLUGIN_HOST_TOKEN";

	private static final String SERVED = "1.0";

	@TempDir
	private Path plugins;

	@Test
	void aPluginAsksItsGatewayWhoItIs() throws Exception {
		FakePluginProgram.installAs(this.plugins, "caller", "CONTINUES");
		Path run = this.plugins.resolve("caller/run");
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		// A second process of the same launch, with the same environment.
		Files.writeString(run, Files.readString(run).replaceFirst("\n", """

				'%s/bin/java' -Xmx64m -cp '%s' %s >&2 &
				""".formatted(System.getProperty("java.home"), classPath, HostClientProgram.class.getName())));
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.caller.required=true")) {
			gateway.pluginPid("caller");
			gateway.await("the answer to GetHostInfo",
					() -> gateway.log()
						.lines()
						.anyMatch((line) -> line.contains("plugin.caller") && line.endsWith(" [caller]")));
			assertThat(gateway.log()).doesNotContain("refused on its host socket");
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.leftovers()).isEmpty();
		}
	}

	/**
	 * The test plays somebody of the plugin's user who survives it and has all of it: the
	 * token, a connection, and another name of the socket.
	 */
	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
	void aTokenDiesWithItsProcess() throws Exception {
		for (String name : List.of("killed", "other")) {
			FakePluginProgram.installAs(this.plugins, name, "CONTINUES");
		}
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.killed.required=true", "hkp.plugins.settings.other.required=true")) {
			long pid = gateway.pluginPid("killed");
			Map<String, String> killed = SystemProcesses.environment(pid);
			String token = killed.get(TOKEN);
			Path socket = Path.of(killed.get(ADDRESS).substring("unix:".length()));
			Path link = Files.createLink(gateway.runtime().resolve("link"), socket);
			try (HostClient held = HostClient.of(killed)) {
				assertThat(answer(held, token)).isEqualTo(SERVED);
				assertThat(answer("unix:" + link, token)).isEqualTo(SERVED);

				SystemProcesses.signal(pid, "KILL");
				gateway.await("the end of the connection",
						() -> !held.connected() && answer(held, token).startsWith("UNAVAILABLE: "));
				gateway.await("the end of the socket", () -> !Files.exists(socket));
				assertThat(answer("unix:" + link, token)).startsWith("UNAVAILABLE: ");

				Map<String, String> next = SystemProcesses.environment(gateway.otherPluginPid("killed", pid));
				Map<String, String> other = SystemProcesses.environment(gateway.pluginPid("other"));
				for (Map<String, String> living : List.of(next, other)) {
					assertThat(answer(living.get(ADDRESS), token)).startsWith("UNAUTHENTICATED: ")
						.endsWith("got: another token");
					assertThat(answer(living.get(ADDRESS), living.get(TOKEN))).isEqualTo(SERVED);
				}
				assertThat(answer(held, token)).startsWith("UNAVAILABLE: ");
				assertThat(answer("unix:" + link, token)).startsWith("UNAVAILABLE: ");
			}
			for (String name : List.of("killed", "other")) {
				gateway.await("the count of " + name, () -> gateway
					.actuator("metrics/hkp.plugin.host.refused?tag=plugin:" + name + "&tag=reason:unauthenticated")
					.path("measurements")
					.path(0)
					.path("value")
					.asInt() == 1);
			}
			assertThat(gateway.log()).doesNotContain(token);
		}
	}

	private static String answer(String address, String token) {
		try (HostClient client = new HostClient(address)) {
			return answer(client, token);
		}
	}

	/** The version of the protocol, or why not. */
	private static String answer(HostClient client, String token) {
		try {
			return client.authorization("Bearer " + token).getHostInfo(Empty.getDefaultInstance()).getProtocolVersion();
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode() + ": " + ex.getStatus().getDescription();
		}
	}

}
