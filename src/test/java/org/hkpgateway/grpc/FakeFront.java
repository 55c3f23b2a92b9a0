package org.hkpgateway.grpc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * Lets in who speaks TLS and who does not: what a careless proxy in front of a plugin
 * does. Its threads end with the process.
 */
final class FakeFront {

	/** What each TLS connection begins with. */
	private static final byte TLS_HANDSHAKE = 0x16;

	private FakeFront() {
	}

	/**
	 * Listens.
	 * @param socket where
	 * @param tls where those are sent who speak TLS
	 * @param plaintext where the others are sent
	 */
	static void open(Path socket, Path tls, Path plaintext) throws IOException {
		ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
		server.bind(UnixDomainSocketAddress.of(socket));
		start(() -> {
			while (true) {
				SocketChannel client = server.accept();
				start(() -> forward(client, tls, plaintext));
			}
		});
	}

	private static void forward(SocketChannel client, Path tls, Path plaintext) throws IOException {
		ByteBuffer first = ByteBuffer.allocate(1);
		if (client.read(first) < 0) {
			client.close();
			return;
		}
		SocketChannel plugin = SocketChannel
			.open(UnixDomainSocketAddress.of((first.get(0) == TLS_HANDSHAKE) ? tls : plaintext));
		plugin.write(first.flip());
		start(() -> copy(plugin, client));
		copy(client, plugin);
	}

	/** Until one of them ends, and the other one with it. */
	private static void copy(SocketChannel from, SocketChannel to) throws IOException {
		try (from; to) {
			ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
			while (from.read(buffer) >= 0) {
				buffer.flip();
				while (buffer.hasRemaining()) {
					to.write(buffer);
				}
				buffer.clear();
			}
		}
	}

	private static void start(Work work) {
		Thread thread = new Thread(() -> {
			try {
				work.run();
			}
			catch (IOException ex) {
				// One side is gone, and so is the connection.
			}
		}, "fake-front");
		thread.setDaemon(true);
		thread.start();
	}

	private interface Work {

		void run() throws IOException;

	}

}
