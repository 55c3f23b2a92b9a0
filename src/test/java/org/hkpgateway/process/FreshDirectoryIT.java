package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Gateways without a configured runtime directory that start at the same moment, each a
 * process: none takes the directory of another that has just been made for one that was
 * left.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FreshDirectoryIT {

	private static final int GATEWAYS = 3;

	private static final int STARTS = 500;

	@Test
	void startingGatewaysLeaveEachOtherAlone() throws Exception {
		Path parent = Files.createTempDirectory("hkpf").toRealPath();
		List<Process> gateways = new ArrayList<>();
		try {
			for (int i = 0; i < GATEWAYS; i++) {
				gateways.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
						"-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + parent, "-cp",
						System.getProperty("java.class.path"), FreshDirectoryIT.class.getName())
					.redirectErrorStream(true)
					.start());
			}
			for (Process gateway : gateways) {
				String said = new String(gateway.getInputStream().readAllBytes());
				assertThat(gateway.waitFor(60, TimeUnit.SECONDS)).isTrue();
				assertThat(gateway.exitValue()).as(said).isZero();
			}
		}
		finally {
			for (Process gateway : gateways) {
				gateway.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
			}
			TreeRemoval.remove(parent);
		}
	}

	/** Starts and stops, and finds what it has made each time. */
	public static void main(String[] args) throws IOException {
		for (int i = 0; i < STARTS; i++) {
			RuntimeDirectory runtime = RuntimeDirectory.open(null, false, (uid) -> List.of());
			Path sockets = runtime.create(new PluginId("x"), OptionalInt.empty()).sockets();
			if (!Files.isRegularFile(sockets.resolveSibling("gateway.lock"))) {
				throw new IllegalStateException("expected: the lock of a gateway that lives, got: none");
			}
			runtime.close();
		}
	}

}
