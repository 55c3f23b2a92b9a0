package org.hkpgateway.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

import org.jspecify.annotations.Nullable;

/**
 * Ports for servers that must be told one before they start. Whoever asks the kernel for
 * any port and closes it again may find it given to somebody else some seconds later.
 * These are below those that Linux gives away, and each JVM takes a block of them for
 * itself: it listens on the first one as long as it lives.
 */
public final class FreePorts {

	private static final int FIRST = 10_000;

	private static final int BLOCK = 200;

	private static final int BLOCKS = 100;

	private static @Nullable ServerSocket claim;

	private static int used;

	private FreePorts() {
	}

	/**
	 * A port of loopback that nobody listens on. None is given again before 199 others
	 * were.
	 * @return the port
	 */
	public static synchronized int next() {
		if (claim == null) {
			claim = claim();
		}
		for (int i = 1; i < BLOCK; i++) {
			int port = claim.getLocalPort() + 1 + used++ % (BLOCK - 1);
			ServerSocket probe = listen(port);
			if (probe != null) {
				close(probe);
				return port;
			}
		}
		throw new AssertionError("expected: a free port among the " + BLOCK + " from " + claim.getLocalPort()
				+ ", got: none; does a test leave its servers running?");
	}

	/** Takes a block that no other process has. */
	static ServerSocket claim() {
		int start = ThreadLocalRandom.current().nextInt(BLOCKS);
		for (int i = 0; i < BLOCKS; i++) {
			ServerSocket claimed = listen(FIRST + (start + i) % BLOCKS * BLOCK);
			if (claimed != null) {
				return claimed;
			}
		}
		throw new AssertionError(
				"expected: fewer than " + BLOCKS + " JVMs with tests on this machine, got: no block of ports left");
	}

	private static @Nullable ServerSocket listen(int port) {
		try {
			return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
		}
		catch (IOException ex) {
			return null;
		}
	}

	private static void close(ServerSocket probe) {
		try {
			probe.close();
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
