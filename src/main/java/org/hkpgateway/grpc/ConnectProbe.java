package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * Finds out, after a connection could not be made, what to tell the operator: gRPC
 * reports that a channel is not ready, but not why.
 */
final class ConnectProbe {

	private static final int TCP_TIMEOUT_MILLIS = 1000;

	private ConnectProbe() {
	}

	/**
	 * Tries the bare socket. Blocks for at most a second.
	 * @param endpoint where the plugin should listen
	 * @return what came, as the end of a sentence
	 */
	static String describe(PluginEndpoint endpoint) {
		try {
			connect(endpoint);
			return "something that accepts connections but does not speak HTTP/2 "
					+ "(does the plugin serve gRPC there, without TLS?)";
		}
		catch (IOException | RuntimeException ex) {
			String message = (ex.getMessage() != null) ? ex.getMessage() : ex.getClass().getSimpleName();
			return message + " (is this the address of its handshake line, and does it listen before it prints it?)";
		}
	}

	private static void connect(PluginEndpoint endpoint) throws IOException {
		if (endpoint instanceof PluginEndpoint.Unix unix) {
			SocketChannel.open(UnixDomainSocketAddress.of(unix.path())).close();
		}
		else if (endpoint instanceof PluginEndpoint.Tcp tcp) {
			try (Socket socket = new Socket()) {
				socket.connect(SocketTransport.loopback(tcp), TCP_TIMEOUT_MILLIS);
			}
		}
	}

}
