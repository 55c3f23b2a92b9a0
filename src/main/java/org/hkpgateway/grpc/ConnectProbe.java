package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
	 * Tries the bare socket. Blocks for four seconds at most, whatever the plugin does.
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
			return describe(endpoint, ex);
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

	private static String describe(PluginEndpoint endpoint, Exception failure) {
		String message = (failure.getMessage() != null) ? failure.getMessage() : failure.getClass().getSimpleName();
		return queueIsFull(endpoint, failure)
				? "a socket that takes no connection: " + message + " (does the plugin accept them?)"
				: message + " (is this the address of its handshake line, and does it listen before it prints it?)";
	}

	/**
	 * The exception does not carry the error number. Those with a type of their own mean
	 * something else; what is left, where there is a socket, is that it is of no use now.
	 */
	private static boolean queueIsFull(PluginEndpoint endpoint, Exception failure) {
		return failure instanceof SocketTimeoutException || (failure.getClass() == SocketException.class
				&& endpoint instanceof PluginEndpoint.Unix unix && Files.exists(unix.path()));
	}

	/**
	 * Never waits for longer than the timeout. A blocking connect to a unix socket would,
	 * as long as the queue of those that were not accepted is full; one that does not
	 * block fails at once.
	 */
	private static void connect(SocketChannel channel, SocketAddress address) throws IOException {
		channel.configureBlocking(false);
		if (channel.connect(address)) {
			return;
		}
		try (Selector selector = Selector.open()) {
			channel.register(selector, SelectionKey.OP_CONNECT);
			if (selector.select(TIMEOUT_MILLIS) == 0 || !channel.finishConnect()) {
				throw new SocketTimeoutException("not connected within " + TIMEOUT_MILLIS + " ms");
			}
		}
	}

	/** Returns how it answers to what a client says first, or NOTHING. */
	private static int firstByte(PluginEndpoint endpoint, byte[] greeting) throws IOException {
		SocketAddress address = (endpoint instanceof PluginEndpoint.Unix unix) ? UnixDomainSocketAddress.of(unix.path())
				: SocketTransport.loopback((PluginEndpoint.Tcp) endpoint);
		try (SocketChannel channel = (address instanceof UnixDomainSocketAddress)
				? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open()) {
			connect(channel, address);
			return firstByte(channel, greeting);
		}
	}

	private static int firstByte(SocketChannel channel, byte[] greeting) throws IOException {
		ByteBuffer answer = ByteBuffer.allocate(1);
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
