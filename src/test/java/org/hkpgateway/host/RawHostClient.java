package org.hkpgateway.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

import org.hkpgateway.plugin.HostAccess;

/**
 * A connection to a host socket that says no more than it is told to.
 */
final class RawHostClient implements AutoCloseable {

	private final SocketChannel channel;

	RawHostClient(HostAccess.Session session) throws IOException {
		String address = session.environment().get("PLUGIN_HOST_ADDRESS").substring("unix:".length());
		this.channel = SocketChannel.open(UnixDomainSocketAddress.of(address));
		this.channel.configureBlocking(false);
	}

	void write(byte[] bytes) throws IOException {
		this.channel.write(ByteBuffer.wrap(bytes));
	}

	/** Reads until the other side has closed; fails if it does not. */
	void awaitEnd() {
		ByteBuffer buffer = ByteBuffer.allocate(4096);
		TestHost.await("the end of the connection", () -> {
			try {
				return this.channel.read(buffer.clear()) < 0;
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

}
