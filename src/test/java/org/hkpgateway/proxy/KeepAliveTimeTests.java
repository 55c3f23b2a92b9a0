package org.hkpgateway.proxy;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.netty.Connection;
import reactor.netty.resources.ConnectionProvider.ConnectionMetadata;

import static org.assertj.core.api.Assertions.assertThat;

class KeepAliveTimeTests {

	private final EmbeddedChannel channel = new EmbeddedChannel(new KeepAliveTime());

	private final Connection connection = Connection.from(this.channel);

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "timeout=5|2500", "timeout=5, max=100|2500", "max=100, timeout=5|2500",
					"max=100,Timeout = \"3\"|1500", "timeout=1|500", "timeout=0|0", "timeout=75|4000",
					"timeout=999999999|4000", "timeout=99999999999999999999|4000", "timeout=-1|4000", "timeout=|4000",
					"max=7|4000", "xtimeout=1|4000", "''|4000" })
	void halfOfWhatTheKeyserverSaysAndFourSecondsAtMost(String said, long millis) {
		assertThat(KeepAliveTime.millis(said)).isEqualTo(millis);
	}

	@Test
	void aConnectionThatIsIdleForLongIsNotUsed() {
		assertThat(KeepAliveTime.isOver(this.connection, idle(3999))).isFalse();
		assertThat(KeepAliveTime.isOver(this.connection, idle(4000))).isTrue();
	}

	@Test
	void theKeyserverMaySayThatItIsLessPatient() {
		this.channel.writeInbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK,
				new DefaultHttpHeaders().add("keep-alive", "timeout=2")));
		assertThat(KeepAliveTime.isOver(this.connection, idle(999))).isFalse();
		assertThat(KeepAliveTime.isOver(this.connection, idle(1000))).isTrue();
	}

	@Test
	void neitherIsOneThatIsClosedOrWasForOneRequest() {
		this.connection.markPersistent(false);
		assertThat(KeepAliveTime.isOver(this.connection, idle(0))).isTrue();
		EmbeddedChannel closed = new EmbeddedChannel();
		closed.close();
		assertThat(KeepAliveTime.isOver(Connection.from(closed), idle(0))).isTrue();
	}

	private static ConnectionMetadata idle(long millis) {
		return new ConnectionMetadata() {

			@Override
			public int acquireCount() {
				return 1;
			}

			@Override
			public long idleTime() {
				return millis;
			}

			@Override
			public long lifeTime() {
				return millis;
			}

			@Override
			public long releaseTimestamp() {
				return 0;
			}

			@Override
			public long allocationTimestamp() {
				return 0;
			}

		};
	}

}
