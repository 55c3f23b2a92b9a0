package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hkpgateway.proxy.EdgeListener.Reason.PROXY_HEADER_MISSING;
import static org.hkpgateway.proxy.EdgeListener.Reason.TLS_HANDSHAKE;

/**
 * Tests for {@link RefusedConnections}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RefusedConnectionsTests {

	private final List<EdgeListener.Reason> told = new ArrayList<>();

	private long now;

	private final RefusedConnections refused = new RefusedConnections(this.told::add, ClientAddressSettings.Log.FULL,
			() -> this.now);

	@Test
	void closesAndTellsOfEach() {
		EmbeddedChannel channel = refuse(TLS_HANDSHAKE, "no cipher");
		assertThat(channel.isOpen()).isFalse();
		refuse(TLS_HANDSHAKE, "no cipher");
		assertThat(this.told).containsExactly(TLS_HANDSHAKE, TLS_HANDSHAKE);
	}

	@Test
	void aFloodIsOneLineOfEachReasonInTenSecondsAndItsNumber(CapturedOutput output) {
		for (int i = 0; i < 1000; i++) {
			refuse(TLS_HANDSHAKE, "no cipher");
			refuse(PROXY_HEADER_MISSING, "no header");
		}
		this.now += TimeUnit.SECONDS.toNanos(10);
		refuse(TLS_HANDSHAKE, "no cipher");
		assertThat(output.toString().lines().filter((line) -> line.contains("refused (tls-handshake)"))).hasSize(2)
			.last()
			.asString()
			.contains("999 more since");
		assertThat(output.toString().lines().filter((line) -> line.contains("refused (proxy-header-missing)")))
			.hasSize(1);
	}

	private EmbeddedChannel refuse(EdgeListener.Reason reason, String detail) {
		ChannelInboundHandlerAdapter handler = new ChannelInboundHandlerAdapter();
		EmbeddedChannel channel = new EmbeddedChannel(handler);
		ChannelHandlerContext ctx = channel.pipeline().context(handler);
		this.refused.refuse(ctx, reason, detail);
		return channel;
	}

}
