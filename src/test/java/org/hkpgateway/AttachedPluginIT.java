package org.hkpgateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The shipped plugin, started by hand in the debugging mode of its SDK: a gateway that is
 * given the line it prints attaches to it.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AttachedPluginIT {

	private static final String SETTING = "hkp.plugins.settings.<name>.attach=";

	@TempDir
	private Path temporary;

	private Process plugin;

	private BufferedReader errors;

	@BeforeEach
	void startByHand() throws IOException {
		ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/java").toString(),
				"-Xmx64m", "-Dhkp.plugin.debug=true", "-Djava.io.tmpdir=" + shortDirectory(), "-jar",
				GatewayProcess.ANTIABUSE.resolve("hkp-plugin-antiabuse.jar").toAbsolutePath().toString());
		// An IDE's console: nothing is ever typed there.
		this.plugin = builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
		this.errors = this.plugin.errorReader();
	}

	@AfterEach
	void end() throws IOException {
		this.plugin.destroyForcibly();
		this.plugin.onExit().orTimeout(10, TimeUnit.SECONDS).join();
		this.errors.close();
	}

	@Test
	void pastedLineAttachesAndNoGatewayEndsThePlugin() throws Exception {
		String line = pasted();
		for (int gateways = 0; gateways < 2; gateways++) {
			try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
					"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
					"hkp.plugins.chain-budget=20s", "hkp.plugins.settings.antiabuse.config.threshold=1000",
					"hkp.plugins.settings.antiabuse.attach=" + line)) {
				gateway.await("READY",
						() -> gateway.actuator("plugins/antiabuse").path("state").asString("").equals("READY"));
				JsonNode shown = gateway.actuator("plugins/antiabuse");
				assertThat(shown.path("transport").asString("")).isEqualTo("plaintext");
				assertThat(shown.path("pid").isNull()).as("none of the gateway's").isTrue();
				assertThat(gateway.process().descendants()).as("nothing is launched").isEmpty();
				assertThat(RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status())
					.isEqualTo(200);
				assertThat(gateway.change("plugins/antiabuse", "{\"action\":\"restart\"}").status()).isLessThan(300);
				assertThat(gateway.stop()).isEqualTo(143);
				assertThat(this.plugin.isAlive()).isTrue();
			}
		}
		assertThat(Path.of(line.split("\\|")[3])).as("its socket").exists();
	}

	private String pasted() throws IOException {
		String line = this.errors.readLine();
		while (line != null && !line.startsWith(SETTING)) {
			line = this.errors.readLine();
		}
		assertThat(line).as("what to paste").isNotNull();
		return line.substring(SETTING.length());
	}

	/** Ends with the test's directory, should the plugin be killed. */
	private Path shortDirectory() throws IOException {
		return Files.createDirectory(this.temporary.resolve("s"));
	}

}
