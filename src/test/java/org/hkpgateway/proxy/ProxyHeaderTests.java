package org.hkpgateway.proxy;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hkpgateway.proxy.EdgeListener.Reason.PROXY_HEADER_MALFORMED;
import static org.hkpgateway.proxy.EdgeListener.Reason.PROXY_HEADER_MISSING;
import static org.hkpgateway.proxy.EdgeListener.Reason.PROXY_HEADER_UNTRUSTED;

/**
 * Tests for {@link ProxyHeader}: who is believed what. The trusted proxy is 10.0.0.1.
 */
class ProxyHeaderTests {

	private static final String REST = "GET / HTTP/1.1\r\nHost: keys\r\n\r\n";

	private static final String V1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 11371\r\n";

	private static final String PROXY = "10.0.0.1";

	private static final String ANYBODY = "203.0.113.5";

	private static final int TCP4 = 0x11;

	private static final int TCP6 = 0x21;

	private final List<EdgeListener.Reason> refused = new ArrayList<>();

	private final RefusedConnections connections = new RefusedConnections(this.refused::add,
			ClientAddressSettings.Log.FULL, System::nanoTime);

	static List<Arguments> believed() {
		String v6 = "2001:db8:0:0:0:0:0:7";
		return List.of(believed("version 1, IPv4", latin1(V1), "192.0.2.7:4711"),
				believed("version 1, IPv6", latin1("PROXY TCP6 2001:db8::7 2001:db8::1 4711 11371\r\n"), v6 + ":4711"),
				believed("version 1, longest",
						latin1("PROXY TCP6 " + "ffff:".repeat(7) + "fffe " + "ffff:".repeat(7)
								+ "ffff 65535 65535\r\n"),
						"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe:65535"),
				believed("version 1, unknown", latin1("PROXY UNKNOWN\r\n"), null),
				believed("version 1, unknown with more", latin1("PROXY UNKNOWN ff::1 ff::2 1 2\r\n"), null),
				believed("version 2, IPv4", v2(1, TCP4, addresses("192.0.2.7", "198.51.100.1", 4711)),
						"192.0.2.7:4711"),
				believed("version 2, IPv6", v2(1, TCP6, addresses("2001:db8::7", "2001:db8::1", 4711)), v6 + ":4711"),
				believed("version 2, with what proxies add",
						v2(1, TCP4,
								join(addresses("192.0.2.7", "198.51.100.1", 4711), new byte[] { 4, 0, 3, 0, 0, 0 })),
						"192.0.2.7:4711"),
				believed("version 2, local", v2(0, 0, new byte[0]), null),
				believed("version 2, local with addresses", v2(0, TCP4, addresses("192.0.2.7", "198.51.100.1", 4711)),
						null),
				believed("version 2, no family", v2(1, 0, new byte[0]), null),
				believed("version 2, a unix socket", v2(1, 0x31, new byte[216]), null),
				believed("version 2, a datagram", v2(1, 0x12, addresses("192.0.2.7", "198.51.100.1", 4711)), null));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("believed")
	void aTrustedProxyIsBelieved(String what, byte[] header, @Nullable String client) {
		for (boolean required : new boolean[] { true, false }) {
			EmbeddedChannel channel = open(required, PROXY);
			write(channel, join(header, latin1(REST)));
			assertPassed(channel, client);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("believed")
	void theHeaderMayComeByteByByte(String what, byte[] header, @Nullable String client) {
		EmbeddedChannel channel = open(true, PROXY);
		for (byte next : join(header, latin1(REST))) {
			write(channel, new byte[] { next });
		}
		assertPassed(channel, client);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("believed")
	void nobodyElseIs(String what, byte[] header, @Nullable String client) {
		EmbeddedChannel channel = open(false, ANYBODY);
		write(channel, join(header, latin1(REST)));
		assertRefused(channel, PROXY_HEADER_UNTRUSTED);
	}

	static List<Arguments> malformed() {
		return List.of(malformed("version 1 without an end in 107 bytes", latin1("PROXY TCP4 " + "1".repeat(200))),
				malformed("version 1 with an end after 107 bytes", latin1("PROXY UNKNOWN " + "x".repeat(92) + "\r\n")),
				malformed("version 1 of another protocol", latin1("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n")),
				malformed("version 1 without an address", latin1("PROXY TCP4 \r\n")),
				malformed("version 1 with a name", latin1("PROXY TCP4 client.example 198.51.100.1 1 2\r\n")),
				malformed("version 1 of two families", latin1("PROXY TCP4 2001:db8::7 198.51.100.1 1 2\r\n")),
				malformed("version 1 with a port beyond 65535",
						latin1("PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n")),
				malformed("version 1 with a negative port", latin1("PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n")),
				malformed("version 1 with a bare line feed", latin1("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n" + REST)),
				malformed("version 1 in octal", latin1("PROXY TCP4 0300.0.2.7 198.51.100.1 1 2\r\n")),
				malformed("version 2 that says 3", v2(0x10, TCP4, addresses("192.0.2.7", "198.51.100.1", 1))),
				malformed("version 2 of an unknown command", v2(2, TCP4, addresses("192.0.2.7", "198.51.100.1", 1))),
				malformed("version 2 of an unknown family", v2(1, 0x51, new byte[12])),
				malformed("version 2 with half an address", v2(1, TCP4, new byte[8])),
				malformed("version 2 with IPv4 for IPv6", v2(1, TCP6, new byte[12])),
				malformed("version 2 of 65 kB", v2(1, TCP4, new byte[65535])));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("malformed")
	void whatCannotBeReadEndsTheConnection(String what, byte[] header) {
		EmbeddedChannel channel = open(false, PROXY);
		write(channel, join(header, latin1(REST)));
		assertRefused(channel, PROXY_HEADER_MALFORMED);
	}

	@Test
	void withoutAHeaderWhereItMayBeAnythingGoesOn() {
		for (String peer : new String[] { PROXY, ANYBODY }) {
			EmbeddedChannel channel = open(false, peer);
			write(channel, latin1(REST));
			assertPassed(channel, null);
		}
	}

	@Test
	void whatOnlyBeginsLikeAHeaderGoesOn() {
		EmbeddedChannel channel = open(false, ANYBODY);
		write(channel, latin1("P"));
		assertThat(channel.<Object>readInbound()).isNull();
		write(channel, latin1("OST / HTTP/1.1\r\n"));
		assertThat(read(channel)).isEqualTo("POST / HTTP/1.1\r\n");
	}

	@Test
	void withoutAHeaderWhereItMustBeNothingGoesOn() {
		EmbeddedChannel channel = open(true, PROXY);
		write(channel, latin1(REST));
		assertRefused(channel, PROXY_HEADER_MISSING);
	}

	@Test
	void whereItMustBeOthersThanProxiesAreNotEvenRead() {
		EmbeddedChannel channel = open(true, ANYBODY);
		assertRefused(channel, PROXY_HEADER_MISSING);
	}

	@Test
	void whereItMustBeItMustComeInTime() {
		EmbeddedChannel channel = open(true, PROXY);
		channel.advanceTimeBy(6, TimeUnit.SECONDS);
		channel.runScheduledPendingTasks();
		assertRefused(channel, PROXY_HEADER_MISSING);
	}

	@Test
	void halfAHeaderIsNotWaitedForLong() {
		for (String half : new String[] { "PROXY TCP4 192.0.2.7", "PRO", "\r\n\r\n\0\r\nQUIT\n\u0021" }) {
			EmbeddedChannel channel = open(false, PROXY);
			write(channel, latin1(half));
			channel.advanceTimeBy(4, TimeUnit.SECONDS);
			channel.runScheduledPendingTasks();
			assertThat(channel.isOpen()).isTrue();
			channel.advanceTimeBy(2, TimeUnit.SECONDS);
			channel.runScheduledPendingTasks();
			assertRefused(channel, PROXY_HEADER_MISSING);
			this.refused.clear();
		}
	}

	@Test
	void aHeaderInTimeIsTheEndOfTheWait() {
		EmbeddedChannel channel = open(true, PROXY);
		write(channel, latin1(V1));
		channel.advanceTimeBy(1, TimeUnit.HOURS);
		channel.runScheduledPendingTasks();
		write(channel, latin1(REST));
		assertPassed(channel, "192.0.2.7:4711");
	}

	/** The server library reads only when somebody asks. */
	@Test
	void readingGoesOnBehindAHeaderThatComesAlone() {
		EmbeddedChannel channel = open(true, PROXY);
		channel.config().setAutoRead(false);
		int[] reads = new int[1];
		channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {

			@Override
			public void read(ChannelHandlerContext ctx) {
				reads[0]++;
			}

		});
		write(channel, latin1(V1.substring(0, 20)));
		assertThat(reads[0]).isEqualTo(1);
		write(channel, latin1(V1.substring(20)));
		assertThat(reads[0]).isEqualTo(2);
	}

	@Test
	void aSecondHeaderIsNotOne() {
		EmbeddedChannel channel = open(true, PROXY);
		write(channel, latin1(V1 + V1));
		assertThat(read(channel)).isEqualTo(V1);
	}

	private void assertPassed(EmbeddedChannel channel, @Nullable String client) {
		assertThat(this.refused).isEmpty();
		assertThat(read(channel)).isEqualTo(REST);
		InetSocketAddress peer = ProxyHeader.peer(channel);
		assertThat(peer.getAddress().getHostAddress() + ":" + peer.getPort())
			.isEqualTo((client != null) ? client : address(channel.remoteAddress()));
		assertThat(channel.pipeline().toMap()).as("handlers that are left").isEmpty();
		channel.finishAndReleaseAll();
	}

	private void assertRefused(EmbeddedChannel channel, EdgeListener.Reason reason) {
		assertThat(this.refused).containsExactly(reason);
		assertThat(channel.isOpen()).isFalse();
		assertThat(channel.<Object>readInbound()).isNull();
		channel.finishAndReleaseAll();
	}

	private EmbeddedChannel open(boolean required, String peer) {
		return new PeerChannel(new InetSocketAddress(NetUtil.createInetAddressFromIpAddressString(peer), 50000),
				new ProxyHeader(required, (address) -> address.getHostAddress().equals(PROXY), this.connections));
	}

	private static void write(EmbeddedChannel channel, byte[] bytes) {
		if (channel.isOpen()) {
			channel.writeInbound(Unpooled.copiedBuffer(bytes));
		}
	}

	private static String read(EmbeddedChannel channel) {
		StringBuilder text = new StringBuilder();
		for (ByteBuf next = channel.readInbound(); next != null; next = channel.readInbound()) {
			text.append(next.toString(StandardCharsets.ISO_8859_1));
			next.release();
		}
		return text.toString();
	}

	private static String address(SocketAddress address) {
		InetSocketAddress internet = (InetSocketAddress) address;
		return internet.getAddress().getHostAddress() + ":" + internet.getPort();
	}

	private static Arguments believed(String what, byte[] header, @Nullable String client) {
		return Arguments.of(what, header, client);
	}

	private static Arguments malformed(String what, byte[] header) {
		return Arguments.of(what, header);
	}

	private static byte[] v2(int versionAndCommand, int family, byte[] rest) {
		return join(latin1("\r\n\r\n\0\r\nQUIT\n"), new byte[] { (byte) (0x20 + versionAndCommand), (byte) family,
				(byte) (rest.length >> 8), (byte) rest.length }, rest);
	}

	private static byte[] addresses(String from, String to, int port) {
		try {
			return join(InetAddress.getByName(from).getAddress(), InetAddress.getByName(to).getAddress(),
					new byte[] { (byte) (port >> 8), (byte) port, 44, 107 });
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static byte[] join(byte[]... parts) {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			all.writeBytes(part);
		}
		return all.toByteArray();
	}

	private static byte[] latin1(String text) {
		return text.getBytes(StandardCharsets.ISO_8859_1);
	}

	/** A connection with a peer. */
	private static final class PeerChannel extends EmbeddedChannel {

		private final @Nullable SocketAddress peer;

		PeerChannel(SocketAddress peer, ChannelHandler handler) {
			super(DefaultChannelId.newInstance(), false, false, handler);
			this.peer = peer;
			try {
				register();
				freezeTime();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		protected @Nullable SocketAddress remoteAddress0() {
			return this.peer;
		}

	}

}
