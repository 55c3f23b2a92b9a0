package org.hkpgateway.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The gRPC starter in a whole gateway: it listens nowhere and says nothing.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(180)
class HostPortsIT {

	private static final String LISTENING = "0A";

	@Test
	void aGatewayListensOnItsTwoPortsOnly() throws Exception {
		// Without an upstream there would be the port of the embedded keyserver.
		try (GatewayProcess gateway = GatewayProcess.start("hkp.upstream.urls=http://127.0.0.1:9",
				"hkp.plugins.directories=" + GatewayProcess.ANTIABUSE)) {
			assertThat(gateway.pluginPid("antiabuse")).isPositive();
			assertThat(listening(gateway.pid())).hasSize(2).contains(gateway.port());
			assertThat(gateway.log().lines().filter((line) -> line.contains(" WARN ")).toList())
				.noneMatch((line) -> line.contains("devh") || line.contains("AutoConfigur") || line.contains("grpc"));
		}
	}

	/** The TCP ports that a process listens on. */
	private static Set<Integer> listening(long pid) throws IOException {
		Set<String> own = sockets(pid);
		Set<Integer> ports = new TreeSet<>();
		for (String table : List.of("tcp", "tcp6")) {
			for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "net", table))) {
				String[] fields = line.trim().split("\\s+");
				if (fields[3].equals(LISTENING) && own.contains(fields[9])) {
					ports.add(Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16));
				}
			}
		}
		return ports;
	}

	/** The inodes of a process's sockets. */
	private static Set<String> sockets(long pid) throws IOException {
		Set<String> inodes = new HashSet<>();
		try (Stream<Path> files = Files.list(Path.of("/proc", String.valueOf(pid), "fd"))) {
			for (Path file : files.toList()) {
				String target = Files.isSymbolicLink(file) ? Files.readSymbolicLink(file).toString() : "";
				if (target.startsWith("socket:[")) {
					inodes.add(target.substring("socket:[".length(), target.length() - 1));
				}
			}
		}
		return inodes;
	}

}
