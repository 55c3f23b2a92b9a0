package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GuideBlocks;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code docs/from-haproxy.md} shows: HAProxy takes its rules for rules, and copies
 * of antiabuse guard what the page says.
 */
@Timeout(240)
class FromHaproxyIT {

	private static final String PAGE = "from-haproxy.md";

	private static final String INSTALLED = "/var/lib/hockeypuck/plugins";

	@TempDir
	private Path work;

	@Test
	void haproxyUnderstandsTheRules() throws IOException {
		Path haproxy = Requirements.program("haproxy");
		String rules = GuideBlocks.of(PAGE)
			.stream()
			.filter((block) -> block.language().equals("haproxy"))
			.map(GuideBlocks.Block::text)
			.collect(Collectors.joining("\n"));
		Path file = Files.writeString(this.work.resolve("haproxy.cfg"),
				"defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n default_backend cluster\n"
						+ rules);
		Command
			.run(this.work, Duration.ofSeconds(30), new byte[0],
					List.of(haproxy.toString(), "-c", "-f", file.toString()))
			.orFail();
	}

	/** As the block of the page with these words makes them. */
	private Path antiabuseAndItsCopies(String words) throws IOException {
		Files.setPosixFilePermissions(this.work, PosixFilePermissions.fromString("rwxr-xr-x"));
		Path plugins = Files.createDirectory(this.work.resolve("plugins"));
		shell("cp -r '" + GatewayProcess.ANTIABUSE.toAbsolutePath().normalize() + "' '" + plugins + "/antiabuse'\n"
				+ GuideBlocks.text(PAGE, "sh", words).replace(INSTALLED, plugins.toString()));
		return plugins;
	}

	@Test
	void copiesOfAntiabuseGuardUploadsAndWhatIsUnknown() throws Exception {
		Path plugins = antiabuseAndItsCopies("name = \"uploads\"");
		Path configuration = this.work.resolve("application.yml");
		String settings = (GuideBlocks.text(PAGE, "yaml", "settings.uploads")
				+ GuideBlocks.text(PAGE, "yaml", "settings.unknown"))
			.replaceAll("tarpit: \\d+s", "tarpit: 50ms");
		Files.writeString(configuration, settings);
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + plugins,
				"hkp.plugins.chain-budget=20s", "spring.config.additional-location=file:" + configuration,
				"hkp.plugins.settings.uploads.timeout=15s", "hkp.plugins.settings.unknown.timeout=15s",
				"hkp.plugins.settings.antiabuse.timeout=15s")) {
			assertThat(asked(gateway, "POST /pks/add", "keytext=x")).as("a stranger's upload").isEqualTo(403);
			assertThat(asked(gateway, "PUT /pks/strange", "x")).as("what nobody knows").isEqualTo(403);
			assertThat(asked(gateway, "GET /pks/lookup?op=stats", "")).isEqualTo(200);
			assertThat(asked(gateway, "GET /elsewhere", "")).isEqualTo(404);
			assertThat(gateway.accessLog()).anyMatch((line) -> line.contains("delay=uploads:50ms"))
				.anyMatch((line) -> line.contains("delay=unknown:50ms"));

			Files.writeString(configuration, settings.replace("allow: [192.0.2.0/24]", "allow: [127.0.0.0/8]"));
			assertThat(gateway.change("plugins", "{\"action\":\"rescan\"}").status()).isEqualTo(200);
			assertThat(asked(gateway, "POST /pks/add", "keytext=x")).as("an upload of the organisation")
				.isNotEqualTo(403);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	@Test
	void whoOnlyOpensAndClosesConnectionsIsRefusedAndNobodyElse() throws Exception {
		Path curl = Requirements.program("curl");
		Path configuration = Files.writeString(this.work.resolve("application.yml"),
				GuideBlocks.text(PAGE, "yaml", "max-new-connections-per-address")
					.replace("      window: 10s", "      window: 1h")
					.replace("tarpit: 10s", "tarpit: 50ms"));
		try (GatewayProcess gateway = GatewayProcess.start(
				"hkp.plugins.directories=" + GatewayProcess.ANTIABUSE.toAbsolutePath().normalize(),
				"spring.config.additional-location=file:" + configuration, "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			int last = 0;
			for (int i = 0; i < 150 && last != 429; i++) {
				last = asked(gateway, "GET /pks/lookup?op=stats", "");
				assertThat(last).as("request %d, which is answered", i).isIn(200, 429);
			}
			assertThat(last).as("who asks too much is told before connections are too many").isEqualTo(429);
			int opened = 0;
			while (refused(gateway) == 0 && opened < 20_000) {
				for (int i = 0; i < 250; i++) {
					new RawClient(gateway.port()).close();
				}
				opened += 250;
				Command.run(this.work, Duration.ofSeconds(60), new byte[0], List.of(curl.toString(), "--silent",
						"--show-error", "--fail", "--interface", "127.0.0.2", gateway.uri() + "/pks/lookup?op=stats"))
					.orFail();
			}
			assertThat(refused(gateway)).isPositive();
			gateway.awaitLog("hkp.edge.max-new-connections-per-address reached by 127.0.0.1: connection refused");
			gateway.await("connections to be let in again, and told of the ban", () -> isAnswered(gateway));
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	@Test
	void torExitsHaveOneBucketForTheirUploads() throws Exception {
		Path plugins = antiabuseAndItsCopies("name = \"tor\"");
		Path configuration = Files.writeString(this.work.resolve("application.yml"),
				GuideBlocks.text(PAGE, "yaml", "settings.tor").replace("threshold: 100", "threshold: 10"));
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + plugins,
				"hkp.plugins.chain-budget=20s", "spring.config.additional-location=file:" + configuration,
				"hkp.plugins.settings.tor.timeout=15s", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.client-address.trusted-proxies=127.0.0.1")) {
			int last = 0;
			// Ten, and one more for each minute that a busy machine takes.
			for (int i = 1; i <= 40 && last != 429; i++) {
				last = uploaded(gateway, "198.51.100." + i);
				assertThat(last == 429 && i <= 10).as("upload %d is refused", i).isFalse();
			}
			assertThat(last).isEqualTo(429);
			assertThat(uploaded(gateway, "198.51.100.200")).as("an exit that has sent nothing").isEqualTo(429);
			assertThat(uploaded(gateway, "192.0.2.1")).as("somebody else").isNotEqualTo(429);
			assertThat(asked(gateway, "GET /pks/lookup?op=stats", "X-Forwarded-For: 198.51.100.200", ""))
				.isEqualTo(200);
			assertThat(gateway.actuator("plugins/tor/state").toString()).contains("\"aggregate\"",
					"10 requests in 600 s, block 1");
			assertThat(gateway.delete("plugins/tor/state?key=aggregate").status()).isLessThan(300);
			assertThat(uploaded(gateway, "198.51.100.200")).as("after the block was lifted").isNotEqualTo(429);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	private static int uploaded(GatewayProcess gateway, String client) throws IOException {
		return asked(gateway, "POST /pks/add", "X-Forwarded-For: " + client, "keytext=x");
	}

	private static double refused(GatewayProcess gateway) {
		return gateway.actuator("metrics/hkp.edge.limited?tag=limit:max-new-connections-per-address")
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble();
	}

	private static boolean isAnswered(GatewayProcess gateway) {
		try {
			return asked(gateway, "GET /pks/lookup?op=stats", "") == 429;
		}
		catch (IOException ex) {
			// Reset before the request was written.
			return false;
		}
	}

	private void shell(String commands) {
		Command.run(this.work, Duration.ofMinutes(1), new byte[0], List.of("sh", "-e", "-c", commands)).orFail();
	}

	private static int asked(GatewayProcess gateway, String line, String body) throws IOException {
		return asked(gateway, line, "Pragma: no-cache", body);
	}

	private static int asked(GatewayProcess gateway, String line, String field, String body) throws IOException {
		return RawClient
			.exchange(gateway.port(),
					line + " HTTP/1.0\r\n" + field
							+ "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + body.length()
							+ "\r\n\r\n" + body)
			.status();
	}

}
