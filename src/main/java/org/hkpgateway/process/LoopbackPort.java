package org.hkpgateway.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * Ports of the loopback interface.
 */
final class LoopbackPort {

	private static final int CONNECT_MILLIS = 500;

	private LoopbackPort() {
	}

	/**
	 * Finds a port that is free now; whoever is told of it must expect to find it taken.
	 */
	static PluginEndpoint.Tcp free() throws IOException {
		try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return new PluginEndpoint.Tcp("localhost", probe.getLocalPort());
		}
	}

	/**
	 * Tries to connect. Blocks for half a second for each address of the host at most.
	 * @return the address that accepted: what is called localhost may be one of two
	 */
	static Optional<PluginEndpoint.Tcp> accepting(PluginEndpoint.Tcp endpoint) {
		for (InetAddress address : addresses(endpoint.host())) {
			try (Socket socket = new Socket()) {
				socket.connect(new InetSocketAddress(address, endpoint.port()), CONNECT_MILLIS);
				return Optional.of(new PluginEndpoint.Tcp(address.getHostAddress(), endpoint.port()));
			}
			catch (IOException ex) {
				// Not yet, or not there.
			}
		}
		return Optional.empty();
	}

	private static Set<InetAddress> addresses(String host) {
		Set<InetAddress> addresses = new LinkedHashSet<>();
		addresses.add(InetAddress.getLoopbackAddress());
		try {
			for (InetAddress address : InetAddress.getAllByName(host)) {
				addresses.add(address);
			}
		}
		catch (IOException ex) {
			// The usual one will do.
		}
		addresses.removeIf((address) -> !address.isLoopbackAddress());
		return addresses;
	}

}
