package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Browser;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Takes the pictures of the console in the operator guide, when asked to:
 * {@code -Dit.test=ConsolePicturesIT -Dhkp.pictures=true}.
 */
@EnabledIfSystemProperty(named = "hkp.pictures", matches = "true",
		disabledReason = "-Dhkp.pictures=true takes the pictures in docs/images anew")
@Timeout(300)
class ConsolePicturesIT {

	private static final Path PICTURES = GatewayProcess.root().resolve("docs/images");

	private static final int MOST_BYTES = 400_000;

	/** Is seen on them. */
	private final Path plugins = Path.of(System.getProperty("java.io.tmpdir"), "plugins");

	@BeforeEach
	void create() throws IOException {
		Files.createDirectory(this.plugins);
	}

	@AfterEach
	void delete() throws IOException {
		FileSystemUtils.deleteRecursively(this.plugins);
	}

	@Test
	void takesThem(@TempDir Path temp) throws Exception {
		Path gone = temp.resolve("gone");
		List<String> names = List.of("geo", "antiabuse", "upload-check", "next-limits");
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins + "," + GatewayProcess.ANTIABUSE,
						"hkp.client-address.trusted-proxies=127.0.0.1", "hkp.plugins.settings.geo.fail=open",
						"hkp.plugins.settings.next-limits.mode=shadow",
						"hkp.plugins.settings.antiabuse.grants=http.request,http.respond,state",
						"hkp.plugins.settings.antiabuse.config.block_steps=10m",
						"hkp.plugins.settings.antiabuse.config.threshold=20", "hkp.plugins.chain-budget=10s"));
		for (String name : names) {
			properties.add("hkp.plugins.settings." + name + ".order=" + (names.indexOf(name) + 1) * 10);
			properties.add("hkp.plugins.settings." + name + ".timeout=5s");
			if (!name.equals("antiabuse")) {
				FakePluginProgram.installAs(this.plugins, name, "CONTINUES", "HEALTHY");
			}
		}
		FakePluginProgram.script(this.plugins.resolve("upload-check"), """
				if [ -e '%s' ]; then
				  echo '[ERROR] cannot open /etc/upload-check/rules.toml: No such file or directory' >&2; exit 3
				fi
				""".formatted(gone));
		AtomicBoolean stop = new AtomicBoolean();
		ExecutorService clients = Executors.newSingleThreadExecutor();
		try (GatewayProcess gateway = GatewayProcess.start(properties.toArray(String[]::new));
				Browser browser = Browser.start()) {
			var load = clients.submit(() -> ask(gateway, stop));
			browser.look(1280, 900, "light");
			browser.driver().get("http://127.0.0.1:" + gateway.managementPort() + "/actuator/console");
			browser.until("lines, and a ban", () -> points(browser) > 15 && !browser.all("#bans li").isEmpty());
			assertThat(browser.text("#ban-count")).doesNotContain("only the first");
			take(browser, "normal", true);

			Files.createFile(gone);
			SystemProcesses.signal(gateway.pluginPid("upload-check"), "KILL");
			browser.until("trouble", () -> browser.text("[data-plugin=upload-check] .state").contains("RESTARTING"));
			take(browser, "degraded", false);
			browser.until("the end", () -> browser.text("[data-plugin=upload-check] .state").contains("FAILED"));
			take(browser, "failed", false);
			stop.set(true);
			load.get();
		}
		finally {
			stop.set(true);
			clients.shutdown();
		}
	}

	private static int points(Browser browser) {
		return browser.find("[data-plugin=geo] polyline").getAttribute("points").split(" ").length;
	}

	private static Object ask(GatewayProcess gateway, AtomicBoolean stop) throws IOException {
		for (int i = 0; !stop.get(); i++) {
			String client = (i % 4 == 0) ? "198.51.100.23" : (i % 50 == 1) ? "2001:db8:17::5" : "203.0.113." + i % 200;
			String target = (i % 3 == 0) ? "op=index&search=alice" + i : "op=get&search=0x" + String.format("%016x", i);
			RawClient.exchange(gateway.port(), "GET /pks/lookup?" + target
					+ " HTTP/1.0\r\nHost: keys.example\r\nX-Forwarded-For: " + client + "\r\n\r\n");
		}
		return stop;
	}

	private static void take(Browser browser, String state, boolean whole) throws IOException {
		Files.createDirectories(PICTURES);
		for (String scheme : List.of("light", "dark")) {
			browser.look(1280, 900, scheme);
			if (whole) {
				Number height = (Number) browser.script("return document.documentElement.scrollHeight");
				browser.look(1280, height.intValue(), scheme);
			}
			byte[] picture = browser.picture();
			assertThat(picture.length).as("bytes of " + state + ", " + scheme).isLessThan(MOST_BYTES);
			Files.write(PICTURES.resolve("console-" + state + "-" + scheme + ".png"), picture);
		}
	}

}
