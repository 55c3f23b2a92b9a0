package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.Container;
import org.hkpgateway.testsupport.Containers;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The Dockerfiles that {@code plugins new} writes, and that of the shipped plugin in Go:
 * each is built, run as an init container, and what it has copied is run by the gateway's
 * image. Base images are given as build arguments, and how to fetch packages is this
 * machine's matter.
 */
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class PluginImagesIT {

	/** Root's, in the containers that build. */
	private static final String HOME = "/root";

	private static final List<String> LANGUAGES = List.of("go", "java", "python");

	private final Containers containers = Containers.orSkip();

	private final List<String> images = new ArrayList<>();

	@Test
	void thoseOfNewPluginsBuildAndCopyWhatTheGatewayRuns(@TempDir Path work) throws Exception {
		String java = this.containers.debian("java", "openjdk-17-jre-headless", "ca-certificates", "python3");
		String builder = builder(work);
		Path volume = Files.createDirectory(work.resolve("plugins"));
		Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxr-xr-x"));
		// As an emptyDir is.
		Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
		try {
			for (String language : LANGUAGES) {
				String name = "short-" + language;
				Path project = work.resolve(name);
				gateway("plugins", "new", "--lang", language, name, project.toString());
				copy(name, volume, project, builder, language.equals("python") ? builder : java);
			}
			copy("antiabuse-go", volume, GatewayProcess.root(), builder, java, "--file",
					GatewayProcess.root().resolve("plugins/antiabuse-go/Dockerfile").toString());
			// An emptyDir keeps its mode, and the gateway trusts none that others may
			// change.
			assertAllDecide(volume);
		}
		finally {
			this.images.forEach(this.containers::remove);
		}
	}

	/** Builds the image and runs it as an init container. */
	private void copy(String name, Path volume, Path context, String builder, String base, String... more)
			throws IOException {
		List<String> options = new ArrayList<>(machine());
		options.addAll(List.of("--build-arg", "BUILD_IMAGE=" + builder, "--build-arg", "BASE_IMAGE=" + base));
		options.addAll(List.of(more));
		String image = "localhost/hkp-it-" + name + ":" + ProcessHandle.current().pid();
		this.images.add(image);
		this.containers.build(context, image, options.toArray(String[]::new));
		List<String> init = new ArrayList<>(this.containers.confined());
		init.addAll(List.of("--volume", volume + ":/plugins"));
		this.containers.runToEnd(image, init).orFail();
	}

	/** With what the build needs here: tools that Debian has too old, the environment. */
	private String builder(Path work) throws IOException {
		String debian = this.containers.debian("builder", "openjdk-17-jdk-headless", "maven", "python3-venv",
				"ca-certificates");
		List<String> lines = new ArrayList<>(List.of("FROM " + debian, "ENV PATH=/usr/local/go/bin:$PATH"));
		System.getenv().forEach((name, value) -> {
			if (name.matches("PIP_.*|SSL_CERT_.*|GOPROXY|GOSUMDB|GOFLAGS|(?i:https?_proxy|no_proxy)")) {
				lines.add("ENV " + name + "=\"" + value + "\"");
			}
		});
		Path context = Files.createDirectory(work.resolve("builder"));
		Files.write(context.resolve("Dockerfile"), lines);
		String image = "localhost/hkp-it-builder:" + ProcessHandle.current().pid();
		this.images.add(image);
		this.containers.build(context, image);
		return image;
	}

	/**
	 * Directories of this machine that a build may read; :O keeps what it writes away.
	 */
	private static List<String> machine() throws IOException {
		Path home = Path.of(System.getProperty("user.home"));
		Path go = Requirements.program("go").toRealPath().getParent().getParent();
		List<String> options = new ArrayList<>(List.of("--volume", go + ":/usr/local/go:ro"));
		mount(options, Path.of("/etc/ssl/certs"), "/etc/ssl/certs:ro");
		mount(options, home.resolve(".m2"), HOME + "/.m2:O");
		mount(options, home.resolve("go/pkg/mod"), HOME + "/go/pkg/mod:O");
		mount(options, home.resolve(".cache/go-build"), HOME + "/.cache/go-build:O");
		mount(options, home.resolve(".cache/pip"), HOME + "/.cache/pip:O");
		String wheels = System.getenv("PIP_FIND_LINKS");
		if (wheels != null) {
			mount(options, Path.of(wheels), wheels + ":ro");
		}
		return options;
	}

	private static void mount(List<String> options, Path from, String to) {
		if (Files.isDirectory(from)) {
			options.addAll(List.of("--volume", from + ":" + to));
		}
	}

	private static void gateway(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
						GatewayProcess.root().resolve("target/hkp-gateway.jar").toString()));
		command.addAll(List.of(arguments));
		Command.run(Path.of(System.getProperty("java.io.tmpdir")), Duration.ofMinutes(2), new byte[0], command)
			.orFail();
	}

	private void assertAllDecide(Path volume) throws Exception {
		int port = FreePorts.next();
		List<String> options = new ArrayList<>(this.containers.confined());
		options.addAll(List.of("--volume", volume + ":/var/lib/hockeypuck/plugins:ro"));
		List<String> arguments = new ArrayList<>(List.of("--server.port=" + port, "--server.address=127.0.0.1",
				"--management.server.port=" + FreePorts.next(), "--hkp.shutdown.pre-stop=0s",
				"--hkp.plugins.chain-budget=60s", "--hkp.plugins.settings.antiabuse.enabled=false"));
		for (String name : List.of("short-go", "short-java", "short-python", "antiabuse-go")) {
			String settings = "--hkp.plugins.settings." + name;
			arguments.addAll(List.of(settings + ".required=true", settings + ".timeout=15s"));
		}
		try (Container gateway = this.containers.start(this.containers.gateway(), options,
				arguments.toArray(String[]::new))) {
			gateway.awaitLog("Started HkpGatewayApplication");
			assertThat(RawClient.exchange(port, "GET /pks/lookup?op=index&search=abcdef HTTP/1.0\r\n\r\n").status())
				.isEqualTo(404);
			gateway.awaitLog("search=abcdef");
			assertThat(gateway.log().lines().filter((line) -> line.contains("search=abcdef"))).singleElement()
				.asString()
				.contains("short-go:continue", "short-java:continue", "short-python:continue", "antiabuse-go:continue");
			assertThat(RawClient.exchange(port, "GET /pks/lookup?op=index&search=ab HTTP/1.0\r\n\r\n").status())
				.isEqualTo(429);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.log()).contains("short-python: DRAINING -> STOPPED");
		}
	}

}
