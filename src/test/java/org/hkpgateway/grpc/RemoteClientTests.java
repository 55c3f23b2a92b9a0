package org.hkpgateway.grpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(60)
class RemoteClientTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private final RemoteClient client = new RemoteClient(new PluginId("fake"));

	private FakePlugin plugin;

	private GrpcConnector connector;

	private GrpcPluginConnection good;

	private GrpcPluginClient lost;

	@BeforeEach
	void connect(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.good = (GrpcPluginConnection) this.connector.offer(TestEvents.spec())
			.connect(this.plugin.endpoint(), null, LONG);
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", 9).usePlaintext().build();
		channel.shutdown();
		this.lost = new GrpcPluginClient(new PluginId("fake"), channel, new EventConverter(), 4 << 20);
	}

	@AfterEach
	void close() throws Exception {
		this.good.close();
		this.connector.close();
		this.plugin.close();
	}

	@Test
	void requestThatWasNotSentGoesElsewhere() {
		this.client.use(List.of(this.lost, this.lost, this.good.client()));
		for (int i = 0; i < 6; i++) {
			assertThat(this.client.decide(TestEvents.lookup(), LONG).block(LONG)).isInstanceOf(Decision.Continue.class);
		}
		assertThat(this.plugin.events).hasSize(6);
	}

	@Test
	void nobodyToSendItTo() {
		this.client.use(List.of(this.lost, this.lost));
		assertThatExceptionOfType(PluginFailure.Unavailable.class)
			.isThrownBy(() -> this.client.decide(TestEvents.lookup(), LONG).block(LONG))
			.withMessageContaining("HandleRequest: expected: an answer, got: UNAVAILABLE");
	}

	@Test
	void avoided() {
		this.client.use(List.of(this.good.client()));
		this.client.avoid(this.good.client());
		assertThatExceptionOfType(PluginFailure.Unavailable.class)
			.isThrownBy(() -> this.client.decide(TestEvents.lookup(), LONG).block(LONG))
			.withMessageContaining("expected: an endpoint that is connected, got: none");
	}

}
