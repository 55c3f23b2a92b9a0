package org.hkpgateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin in directories that everybody may write, as in a Kubernetes ConfigMap, mounted
 * as it is and read-only. Needs the right to mount in a namespace of its own, and is
 * skipped without it.
 */
class ReadOnlyMountIT {

	private static final Duration DEADLINE = Duration.ofSeconds(30);

	@Test
	void modeOfDirectoriesIsOfNoMatterOnAReadOnlyMount(@TempDir Path root) throws IOException {
		Path work = root.toRealPath();
		Path plugin = open(open(work.resolve("plugins")).resolve("a"));
		executable(Files.writeString(plugin.resolve("run"), "#!/bin/sh\n"));
		Path manifest = Files.writeString(plugin.resolve("plugin.toml"), """
				[plugin]
				name = "a"
				version = "1"
				executable = "run"
				protocol_version = "1.0"
				""");
		Files.setPosixFilePermissions(manifest, PosixFilePermissions.fromString("rw-r--r--"));
		Command.Result writable = inNamespace(work, "true");
		assertThat(writable.text()).contains("expected: a directory that only its owner can write, got: ")
			.endsWith("0 plugins can run; 2 errors, 0 warnings, 0 notices\n");
		Command.Result readOnly = inNamespace(work, "mount -o remount,bind,ro plugins");
		assertThat(readOnly.text()).isEqualTo("1 plugin can run; 0 errors, 0 warnings, 0 notices\n");
	}

	private static Command.Result inNamespace(Path work, String remount) {
		String unshare = Requirements.program("unshare").toString();
		Command.Result allowed = Command.run(work, DEADLINE, new byte[0], List.of(unshare, "--map-root-user", "--mount",
				"sh", "-c", "mount --bind plugins plugins && mount -o remount,bind,ro plugins"));
		Assumptions.assumeTrue(allowed.exitCode() == 0,
				() -> "expected: the right to mount in a namespace, got: " + allowed.errors());
		String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
		return Command.run(work, DEADLINE, new byte[0],
				List.of(unshare, "--map-root-user", "--mount", "sh", "-c",
						"mount --bind plugins plugins && " + remount + " && \"$0\" -jar \"$1\" plugins check plugins",
						java, GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().toString()));
	}

	private static Path open(Path directory) throws IOException {
		return Files.setPosixFilePermissions(Files.createDirectory(directory),
				PosixFilePermissions.fromString("rwxrwxrwx"));
	}

	private static void executable(Path file) throws IOException {
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

}
