package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.hkpgateway.testsupport.SksServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The shipped antiabuse plugin at work, with curl as the client and sks as the witness.
 */
@Timeout(180)
class RateLimitIT {

	private static final Path HERE = Path.of(System.getProperty("java.io.tmpdir"));

	@Test
	void overTheLimitTheKeyserverNeverSeesTheRequest() {
		Path curl = Requirements.program("curl");
		try (SksServer sks = SksServer.start();
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
						"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
						"hkp.plugins.chain-budget=20s", "hkp.plugins.settings.antiabuse.config.threshold=5",
						"hkp.upstream.urls=" + sks.uri())) {
			for (int i = 0; i < 5; i++) {
				assertThat(status(curl, gateway, "pass" + i)).as("request %d", i).isEqualTo(404);
			}
			for (int i = 0; i < 3; i++) {
				String answer = curl(curl, gateway, "blocked" + i, "-i");
				assertThat(answer).startsWith("HTTP/1.1 429")
					.containsPattern("(?im)^retry-after: [1-9]\\d*\\s*$")
					.containsPattern("(?im)^content-type: text/plain")
					.containsIgnoringCase("access-control-allow-origin: *");
				assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4).strip()).endsWith(".").hasLineCount(1);
			}
			assertThat(status(curl, gateway, "forged", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Real-IP: 192.0.2.2",
					"-H", "Forwarded: for=192.0.2.3", "-H", "CF-Connecting-IP: 192.0.2.4"))
				.isEqualTo(429);
			assertThat(curl(curl, gateway, null, "-w", "%{http_code}", "-o", "/dev/null")).isNotEqualTo("429");
			List<String> log = sks.logLines();
			assertThat(log).anySatisfy((line) -> assertThat(line).contains("pass4"));
			assertThat(log).noneMatch((line) -> line.contains("blocked") || line.contains("forged"));
		}
	}

	@Test
	void wordsThatLookSuspiciousAreNoAbuse() {
		Path curl = Requirements.program("curl");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			for (String search : List.of("test@example.org", "bot", "admin", "*")) {
				assertThat(status(curl, gateway, search, "-A", "curl/bot crawler")).as(search).isEqualTo(404);
			}
		}
	}

	private static int status(Path curl, GatewayProcess gateway, @Nullable String search, String... more) {
		String[] arguments = new String[more.length + 4];
		System.arraycopy(more, 0, arguments, 4, more.length);
		arguments[0] = "-w";
		arguments[1] = "%{http_code}";
		arguments[2] = "-o";
		arguments[3] = "/dev/null";
		return Integer.parseInt(curl(curl, gateway, search, arguments));
	}

	private static String curl(Path curl, GatewayProcess gateway, @Nullable String search, String... more) {
		List<String> command = new ArrayList<>(List.of(curl.toString(), "-s", "--max-time", "20"));
		command.addAll(List.of(more));
		command.add(gateway.uri()
				+ ((search != null) ? "/pks/lookup?op=index&options=mr&search=" + search : "/pks/health"));
		return Command.run(HERE, Duration.ofSeconds(30), new byte[0], command).orFail().text();
	}

}
