package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * Finds out, after a connection could not be made, what to tell the operator: gRPC
 * reports that a channel is not ready, but not why.
 */
final class ConnectProbe {

	private static final int TIMEOUT_MILLIS = 1000;

	/** How an HTTP/2 client begins, with empty settings. */
	private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
		.getBytes(StandardCharsets.ISO_8859_1);

	private static final int NOTHING = -1;

	private static final int TLS_ALERT = 0x15;

	private static final int TLS_HANDSHAKE = 0x16;

	private ConnectProbe() {
	}

	/**
	 * Tries the bare socket. Blocks for a few seconds at most.
	 * @param endpoint where the plugin should listen
	 * @return what came, as the end of a sentence
	 */
	static String describe(PluginEndpoint endpoint) {
		try {
			int first = firstByte(endpoint, PREFACE);
			// Some TLS servers hang up on who does not speak TLS, without a word.
			return describe((first != NOTHING) ? first : firstByte(endpoint, tlsHello()));
		}
		catch (IOException | RuntimeException ex) {
			String message = (ex.getMessage() != null) ? ex.getMessage() : ex.getClass().getSimpleName();
			return message + " (is this the address of its handshake line, and does it listen before it prints it?)";
		}
	}

	private static String describe(int first) {
		return switch (first) {
			case TLS_ALERT, TLS_HANDSHAKE -> "a server that wants TLS (is its transport mtls?)";
			case 'H' -> "a server that speaks HTTP/1 only (does the plugin serve gRPC there?)";
			case 0 -> "an HTTP/2 server that did not answer in time";
			default -> "something that accepts connections but does not speak HTTP/2 "
					+ "(does the plugin serve gRPC there, without TLS?)";
		};
	}

	private static SocketChannel connect(PluginEndpoint endpoint) throws IOException {
		if (endpoint instanceof PluginEndpoint.Unix unix) {
			return SocketChannel.open(UnixDomainSocketAddress.of(unix.path()));
		}
		SocketChannel channel = SocketChannel.open();
		try {
			Socket socket = channel.socket();
			socket.connect(SocketTransport.loopback((PluginEndpoint.Tcp) endpoint), TIMEOUT_MILLIS);
			return channel;
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	/** Returns how it answers to what a client says first, or NOTHING. */
	private static int firstByte(PluginEndpoint endpoint, byte[] greeting) throws IOException {
		try (SocketChannel channel = connect(endpoint)) {
			return firstByte(channel, greeting);
		}
	}

	private static int firstByte(SocketChannel channel, byte[] greeting) throws IOException {
		ByteBuffer answer = ByteBuffer.allocate(1);
		channel.configureBlocking(false);
		try (Selector selector = Selector.open()) {
			channel.write(ByteBuffer.wrap(greeting));
			channel.register(selector, SelectionKey.OP_READ);
			if (selector.select(TIMEOUT_MILLIS) == 0 || channel.read(answer) <= 0) {
				return NOTHING;
			}
			return answer.get(0) & 0xff;
		}
		catch (IOException ex) {
			// It hung up on us, which says as much as silence.
			return NOTHING;
		}
	}

	private static byte[] tlsHello() throws IOException {
		try {
			SSLEngine engine = SSLContext.getDefault().createSSLEngine();
			engine.setUseClientMode(true);
			ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
			engine.wrap(ByteBuffer.allocate(0), hello);
			return Arrays.copyOf(hello.array(), hello.position());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IOException(ex);
		}
	}

}
