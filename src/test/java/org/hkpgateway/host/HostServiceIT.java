package org.hkpgateway.host;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The host service with processes of their own on the other side.
 */
@Timeout(120)
class HostServiceIT {

	private static final PluginSpec ALPHA = TestSpec.named("alpha").build();

	/** Nobody's on any machine that tests run on. */
	private static final String OTHER_UID = "61234";

	private static final String ANOTHER_UID = "61235";

	/** The preface of HTTP/2 and an empty SETTINGS frame. */
	private static final byte[] HTTP2_BEGIN = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
		.getBytes(StandardCharsets.US_ASCII);

	@Test
	void aProcessFindsItsHostInItsEnvironmentAndIsCutOffAtTheEnd() throws Exception {
		try (TestHost host = new TestHost(); HostAccess.Session session = host.open(ALPHA, "a")) {
			Process process = start(List.of(), System.getProperty("java.class.path"), session.environment());
			try (BufferedReader output = process.inputReader()) {
				assertThat(output.readLine()).isEqualTo("1.2.3 [alpha, beta]");
				session.close();
				assertThat(output.readLine()).isEqualTo("disconnected");
				assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
			}
			finally {
				process.destroyForcibly();
			}
		}
	}

	@Test
	void aProcessWithTheTokenOfAnEndedOneIsRefused() throws Exception {
		try (TestHost host = new TestHost(); HostAccess.Session session = host.open(ALPHA, "a")) {
			HostAccess.Session ended = host.open(ALPHA, "b");
			ended.close();
			Process process = start(List.of(), System.getProperty("java.class.path"),
					Map.of("PLUGIN_HOST_ADDRESS", session.environment().get("PLUGIN_HOST_ADDRESS"), "PLUGIN_HOST_TOKEN",
							ended.environment().get("PLUGIN_HOST_TOKEN")));
			assertThat(outputOf(process)).contains("UNAUTHENTICATED", "got: another token");
			assertThat(host.refusals).containsExactly("alpha unauthenticated");
		}
	}

	@Test
	void theUserOfTheDirectoryCanConnectAndNobodyElse() throws Exception {
		String setpriv = Requirements.program("setpriv").toString();
		Assumptions.assumeTrue(Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")),
				"expected: root, who can give files away, got: another user");
		Path readable = Files.createTempDirectory(Path.of("/tmp"), "hj");
		try (TestHost host = new TestHost()) {
			Files.setPosixFilePermissions(host.runtime, PosixFilePermissions.fromString("rwx--x--x"));
			Path directory = host.directory("a");
			UserPrincipal other = FileSystems.getDefault()
				.getUserPrincipalLookupService()
				.lookupPrincipalByName(OTHER_UID);
			Files.setOwner(directory, other);
			String classPath = copyClassPath(readable);
			try (HostAccess.Session session = host.servers.open(ALPHA, directory)) {
				Path socket = directory.resolve("host.sock");
				assertThat(Files.getOwner(socket, LinkOption.NOFOLLOW_LINKS)).isEqualTo(other);
				Process process = start(as(setpriv, OTHER_UID), classPath, session.environment());
				try (BufferedReader output = process.inputReader()) {
					assertThat(output.readLine()).isEqualTo("1.2.3 [alpha, beta]");
				}
				finally {
					process.destroyForcibly();
				}
				// Even where the directory does not keep it out.
				Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
				Process stranger = start(as(setpriv, ANOTHER_UID), classPath, session.environment());
				assertThat(outputOf(stranger)).contains("UNAVAILABLE").containsIgnoringCase("permission denied");
			}
			assertThat(host.leftovers()).isEmpty();
		}
		finally {
			FileSystemUtils.deleteRecursively(readable);
		}
	}

	/** gRPC asks at the earliest after ten seconds. */
	@Test
	void aConnectionWhoseClientIsFrozenIsClosed() throws Exception {
		HostLimits defaults = HostLimits.DEFAULTS;
		HostLimits limits = new HostLimits(defaults.messageBytes(), defaults.metadataBytes(),
				defaults.callsPerConnection(), defaults.connections(), defaults.handshake(), defaults.idle(),
				Duration.ofSeconds(10), Duration.ofMillis(100));
		try (TestHost host = new TestHost(ServerTransport.best(), limits);
				HostAccess.Session session = host.open(ALPHA, "a");
				RawHostClient frozen = new RawHostClient(session)) {
			frozen.write(HTTP2_BEGIN);
			frozen.awaitEnd();
		}
	}

	private static List<String> as(String setpriv, String uid) {
		return List.of(setpriv, "--reuid=" + uid, "--regid=" + uid, "--clear-groups", "--no-new-privs", "--");
	}

	private static Process start(List<String> prefix, String classPath, Map<String, String> environment)
			throws IOException {
		List<String> command = new ArrayList<>(prefix);
		command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
				"-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp", classPath, HostClientProgram.class.getName()));
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).directory(new File("/tmp"));
		builder.environment().putAll(environment);
		return builder.start();
	}

	private static String outputOf(Process process) throws Exception {
		try {
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
			return new String(process.getInputStream().readAllBytes());
		}
		finally {
			process.destroyForcibly();
		}
	}

	/** The class path may lie where another user cannot read. */
	private static String copyClassPath(Path target) throws IOException {
		List<String> copies = new ArrayList<>();
		for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
			Path source = Path.of(entry);
			if (Files.exists(source)) {
				Path copy = target.resolve(copies.size() + "-" + source.getFileName());
				FileSystemUtils.copyRecursively(source, copy);
				copies.add(copy.toString());
			}
		}
		Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
		return String.join(File.pathSeparator, copies);
	}

}
