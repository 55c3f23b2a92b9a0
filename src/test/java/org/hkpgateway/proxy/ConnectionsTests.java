package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;

import io.github.bucket4j.TimeMeter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.NetUtil;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionsTests {

	private final TestListener listener = new TestListener();

	private final Connections connections = connections(0);

	@Test
	void anAddressHasItsShareAndGetsItBack() {
		Peer first = new Peer("192.0.2.1");
		assertThat(this.connections.admit(first)).isTrue();
		assertThat(this.connections.admit(new Peer("192.0.2.1"))).isTrue();
		assertThat(this.connections.admit(new Peer("192.0.2.1"))).isFalse();
		assertThat(this.connections.admit(new Peer("192.0.2.2"))).isTrue();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS);
		first.close();
		assertThat(this.connections.admit(new Peer("192.0.2.1"))).isTrue();
		assertThat(this.connections.admit(new Peer("192.0.2.1"))).isFalse();
	}

	@Test
	void aNetworkOf64BitsIsOneClient() {
		assertThat(this.connections.admit(new Peer("2001:db8:0:1::1"))).isTrue();
		assertThat(this.connections.admit(new Peer("2001:db8:0:1:ffff::2"))).isTrue();
		assertThat(this.connections.admit(new Peer("2001:db8:0:1::3"))).isFalse();
		assertThat(this.connections.admit(new Peer("2001:db8:0:2::1"))).isTrue();
	}

	@Test
	void trustedProxiesHaveAnyNumberWithinAll() {
		for (int i = 0; i < 5; i++) {
			assertThat(this.connections.admit(new Peer("127.0.0.1"))).isTrue();
		}
		assertThat(this.connections.admit(new Peer("127.0.0.1"))).isFalse();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_CONNECTIONS);
		assertThat(this.listener.open).hasValue(5);
	}

	@Test
	void aConnectionCountsForWhomTheProxyNames() {
		Peer first = new Peer("127.0.0.1");
		Peer second = new Peer("127.0.0.1");
		Peer third = new Peer("127.0.0.1");
		assertThat(this.connections.admit(first)).isTrue();
		assertThat(this.connections.admit(second)).isTrue();
		assertThat(this.connections.admit(third)).isTrue();
		InetSocketAddress client = new InetSocketAddress("192.0.2.1", 1);
		Connections.named(first, client);
		Connections.named(second, client);
		assertThat(second.isOpen()).isTrue();
		Connections.named(third, client);
		assertThat(third.isOpen()).isFalse();
		second.close();
		assertThat(this.connections.clients()).isEqualTo(1);
		first.close();
		assertThat(this.connections.clients()).isZero();
		assertThat(this.connections.open()).isZero();
	}

	@Test
	void requestsAreCountedWithAllConnectionsOfTheClient() {
		Peer first = new Peer("192.0.2.1");
		Peer second = new Peer("192.0.2.1");
		Peer other = new Peer("192.0.2.2");
		this.connections.admit(first);
		this.connections.admit(second);
		this.connections.admit(other);
		ClientShare share = Connections.share(first);
		assertThat(share).isSameAs(Connections.share(second)).isNotSameAs(Connections.share(other));
		assertThat(share.beginRequest()).isTrue();
		assertThat(share.beginRequest()).isTrue();
		assertThat(share.beginRequest()).isTrue();
		assertThat(share.beginRequest()).isFalse();
		assertThat(share.beginRequest()).isFalse();
		share.endRequest();
		assertThat(share.beginRequest()).isTrue();
		assertThat(Connections.share(other).beginRequest()).isTrue();
	}

	@Test
	void requestsOfTrustedProxiesAreNotCountedUnlessTheyNameTheClient() {
		Peer proxied = new Peer("127.0.0.1");
		this.connections.admit(proxied);
		assertThat(Connections.share(proxied)).isNull();
		Peer direct = new Peer("192.0.2.1");
		this.connections.admit(direct);
		Connections.named(proxied, new InetSocketAddress("192.0.2.1", 1));
		assertThat(Connections.share(proxied)).isSameAs(Connections.share(direct)).isNotNull();
	}

	@Test
	void nothingIsLeftOfConnectionsThatHaveEnded() {
		for (int i = 0; i < 1000; i++) {
			Peer peer = new Peer("192.0.2." + i % 250);
			this.connections.admit(peer);
			peer.close();
		}
		assertThat(this.connections.clients()).isZero();
		assertThat(this.connections.open()).isZero();
		assertThat(this.listener.open).hasValue(0);
	}

	@Test
	void whoOpensTooManyIsRefusedAndNothingIsLeftOfIt() {
		Connections few = connections(3);
		for (int i = 0; i < 3; i++) {
			Peer peer = new Peer("192.0.2.1");
			assertThat(few.admit(peer)).isTrue();
			peer.close();
		}
		assertThat(few.admit(new Peer("192.0.2.1"))).isFalse();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS);
		assertThat(few.clients()).isZero();
		assertThat(few.open()).isZero();
		assertThat(few.admit(new Peer("192.0.2.2"))).isTrue();
	}

	@Test
	void whatIsRefusedForTooManyAtATimeIsNotOneOfThoseThatAreOpened() {
		Connections few = connections(4);
		Peer first = new Peer("192.0.2.1");
		assertThat(few.admit(first)).isTrue();
		assertThat(few.admit(new Peer("192.0.2.1"))).isTrue();
		for (int i = 0; i < 10; i++) {
			assertThat(few.admit(new Peer("192.0.2.1"))).isFalse();
		}
		assertThat(this.listener.limits).containsOnly(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS);
		first.close();
		assertThat(few.admit(new Peer("192.0.2.1"))).isTrue();
	}

	@Test
	void aTrustedProxyOpensAnyNumberForClientsThatHaveALimitEach() {
		Connections few = connections(2);
		for (int i = 0; i < 10; i++) {
			Peer proxied = new Peer("127.0.0.1");
			assertThat(few.admit(proxied)).isTrue();
			Connections.named(proxied, new InetSocketAddress("192.0.2." + i / 3, 1));
			assertThat(proxied.isOpen()).as("connection " + i).isEqualTo(i % 3 < 2);
			proxied.close();
		}
		assertThat(this.listener.limits).hasSize(3).containsOnly(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS);
		assertThat(few.clients()).isZero();
		assertThat(few.open()).isZero();
	}

	private Connections connections(int mostNew) {
		return new Connections(5, 2, 3, new NewConnections(mostNew, Duration.ofHours(1), TimeMeter.SYSTEM_NANOTIME),
				InetAddress::isLoopbackAddress, this.listener.report());
	}

	/** A connection from an address of the test's choice. */
	private static final class Peer extends EmbeddedChannel {

		private final SocketAddress address;

		Peer(String address) {
			InetAddress parsed = NetUtil.createInetAddressFromIpAddressString(address);
			this.address = new InetSocketAddress(parsed, 4711);
		}

		@Override
		public SocketAddress remoteAddress() {
			return this.address;
		}

	}

}
