package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import io.github.bucket4j.TimeMeter;
import io.netty.util.NetUtil;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class NewConnectionsTests {

	private static final Duration WINDOW = Duration.ofSeconds(10);

	/** A negative one is as good as any other, of what {@link System#nanoTime} says. */
	private final AtomicLong nanos = new AtomicLong(-5);

	private final NewConnections connections = of(40);

	@Test
	void soManyAtOnceAndAsManyAgainSteadilyInEachWindow() {
		assertThat(opened("192.0.2.1", 60)).isEqualTo(40);
		pass(Duration.ofMillis(249));
		assertThat(opened("192.0.2.1", 10)).isZero();
		pass(Duration.ofMillis(1));
		assertThat(opened("192.0.2.1", 10)).isEqualTo(1);
		pass(Duration.ofSeconds(5));
		assertThat(opened("192.0.2.1", 60)).isEqualTo(20);
		pass(WINDOW.multipliedBy(3));
		assertThat(opened("192.0.2.1", 60)).isEqualTo(40);
	}

	@Test
	void whoIsRefusedAndGoesOnGetsInAtThatPaceAllTheSame() {
		assertThat(opened("192.0.2.1", 40)).isEqualTo(40);
		int admitted = 0;
		for (int i = 0; i < 1000; i++) {
			pass(Duration.ofMillis(10));
			admitted += opened("192.0.2.1", 5);
		}
		assertThat(admitted).isEqualTo(40);
	}

	@Test
	void otherClientsAreOtherCounts() {
		assertThat(opened("192.0.2.1", 60)).isEqualTo(40);
		assertThat(opened("192.0.2.2", 60)).isEqualTo(40);
		assertThat(opened("2001:db8:0:1::1", 30)).isEqualTo(30);
		assertThat(opened("2001:db8:0:1:ffff::2", 30)).as("of the same /64").isEqualTo(10);
		assertThat(opened("2001:db8:0:2::1", 30)).isEqualTo(30);
	}

	@Test
	void withoutALimitNobodyIsCounted() {
		NewConnections any = of(0);
		for (int i = 0; i < 10_000; i++) {
			assertThat(any.open(client("192.0.2.1"))).isTrue();
		}
		assertThat(any.clients()).isZero();
	}

	@Test
	void noMoreClientsAreKnownThanThereIsRoomForAndNobodyIsRefusedForIt() {
		for (int i = 0; i < 3 * NewConnections.MOST_CLIENTS; i++) {
			assertThat(this.connections.open(new ClientNetwork(false, i))).isTrue();
		}
		assertThat(this.connections.clients()).isBetween(1L, (long) NewConnections.MOST_CLIENTS);
	}

	@Test
	void whoDidNotComeForAWindowIsForgotten() {
		for (int i = 0; i < 100; i++) {
			this.connections.open(new ClientNetwork(false, i));
		}
		assertThat(this.connections.clients()).isEqualTo(100);
		pass(WINDOW);
		assertThat(this.connections.clients()).isZero();
	}

	private NewConnections of(int most) {
		return new NewConnections(most, WINDOW, new TimeMeter() {

			@Override
			public long currentTimeNanos() {
				return NewConnectionsTests.this.nanos.get();
			}

			@Override
			public boolean isWallClockBased() {
				return false;
			}

		});
	}

	private int opened(String address, int tries) {
		int opened = 0;
		for (int i = 0; i < tries; i++) {
			opened += this.connections.open(client(address)) ? 1 : 0;
		}
		return opened;
	}

	private static ClientNetwork client(String address) {
		return ClientNetwork.of(NetUtil.createInetAddressFromIpAddressString(address));
	}

	private void pass(Duration time) {
		this.nanos.addAndGet(time.toNanos());
	}

}
