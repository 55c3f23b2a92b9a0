package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
 * Follows {@code docs/migrating.md} from an in-process plugin to one of its own: each
 * command, file and setting of the page as it stands there.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MigratingGuideIT {

	private static final String PAGE = "migrating.md";

	@TempDir
	private Path work;

	@Test
	void thePortedPluginPassesItsTestsIsConformantAndDecides() throws Exception {
		Requirements.timeFor("building the project of docs/migrating.md");
		Path project = this.work.toRealPath().resolve("upload-guard");
		shell(this.work, GuideBlocks.text(PAGE, "sh", "plugins new"));
		List<GuideBlocks.Block> files = GuideBlocks.of(PAGE)
			.stream()
			.filter((block) -> !block.file().isEmpty())
			.toList();
		assertThat(files).hasSize(5);
		for (GuideBlocks.Block file : files) {
			assertThat(file.in(project)).as("a file of the project to replace").exists();
			Files.writeString(file.in(project), file.text());
		}
		shell(project, GuideBlocks.text(PAGE, "sh", "go vet"));

		Path configuration = Files.writeString(this.work.resolve("application.yml"),
				GuideBlocks.text(PAGE, "yaml", "mode: shadow"));
		String settings = "hkp.plugins.settings.upload-guard.";
		try (GatewayProcess gateway = GatewayProcess.start("spring.config.additional-location=" + configuration,
				"hkp.plugins.directories=" + project.resolve("dist"), settings + "mode=enforce",
				settings + "required=true", settings + "config.maxUploads=1", settings + "timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			gateway.pluginPid("upload-guard");
			assertThat(upload(gateway).header("x-upload-guard")).isEqualTo("passed");
			RawClient.Answer second = upload(gateway);
			assertThat(second.status()).isEqualTo(429);
			assertThat(second.body()).isEqualTo("Too many uploads.\n");
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	private static void shell(Path directory, String commands) {
		String jar = GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().normalize().toString();
		String path = Path.of(System.getProperty("java.home"), "bin") + ":" + Requirements.program("go").getParent()
				+ ":" + System.getenv("PATH");
		Command
			.run(directory, Duration.ofMinutes(8), new byte[0], List.of("env", "PATH=" + path, "GATEWAY=" + jar, "sh",
					"-e", "-c", commands.replace("/path/to/hkp-gateway.jar", jar)))
			.orFail();
	}

	private static RawClient.Answer upload(GatewayProcess gateway) throws IOException {
		return RawClient.exchange(gateway.port(), "POST /pks/add HTTP/1.0\r\n"
				+ "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nkeytext=x");
	}

}
