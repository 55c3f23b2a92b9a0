package org.hkpgateway.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FreePorts}.
 */
class FreePortsTests {

	@Test
	void aPortIsFreeAndNotGivenAgainSoon() throws IOException {
		Set<Integer> ports = new HashSet<>();
		for (int i = 0; i < 50; i++) {
			int port = FreePorts.next();
			assertThat(ports.add(port)).as("%d is new", port).isTrue();
			new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
		}
	}

	@Test
	void oneThatIsTakenIsPassedOver() throws IOException {
		try (ServerSocket taken = new ServerSocket(FreePorts.next() + 1, 1, InetAddress.getLoopbackAddress())) {
			assertThat(FreePorts.next()).isGreaterThan(taken.getLocalPort());
		}
	}

	/** As two JVMs do. */
	@Test
	void blocksDoNotOverlap() throws IOException {
		int given = FreePorts.next();
		for (int i = 0; i < 20; i++) {
			try (ServerSocket one = FreePorts.claim(); ServerSocket two = FreePorts.claim()) {
				assertThat(Math.abs(one.getLocalPort() - two.getLocalPort())).isGreaterThanOrEqualTo(200);
				for (ServerSocket each : new ServerSocket[] { one, two }) {
					assertThat(given - each.getLocalPort()).as("%d is not of its block", given)
						.satisfiesAnyOf((offset) -> assertThat(offset).isNegative(),
								(offset) -> assertThat(offset).isGreaterThanOrEqualTo(200));
				}
			}
		}
	}

}
