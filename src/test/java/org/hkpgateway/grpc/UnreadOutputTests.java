package org.hkpgateway.grpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.testsupport.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a plugin built with go-plugin printed and nobody has read when all ends: gRPC must
 * not keep its buffers.
 */
@Timeout(60)
class UnreadOutputTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	/** Of what ends first it depends who has to release them. */
	private static final int ROUNDS = 10;

	@TempDir
	private Path directory;

	/** Counted down when nothing is looked at any more. */
	private final CountDownLatch over = new CountDownLatch(1);

	@AfterEach
	void letReadersGo() {
		this.over.countDown();
	}

	@ParameterizedTest
	@EnumSource
	void isReleased(End end) throws Exception {
		for (int i = 0; i < ROUNDS; i++) {
			CountDownLatch reading = new CountDownLatch(1);
			GrpcConnector connector = connector(reading);
			try (FakePlugin plugin = new FakePlugin(this.directory)) {
				plugin.manners = end.manners;
				PluginConnection connection = connector.offer(TestEvents.spec()).connect(plugin.endpoint(), null, LONG);
				assertThat(reading.await(10, TimeUnit.SECONDS)).isTrue();
				// What was printed before has come before this answer.
				connection.checkHealth(LONG);
				switch (end) {
					case OF_THE_STREAM, OF_THE_CONNECTION -> connection.close();
					case OF_THE_PLUGIN -> {
						plugin.stop();
						assertThat(connection.onLost()).succeedsWithin(LONG);
						connection.close();
					}
					case OF_EVERYTHING -> {
					}
				}
				connector.close();
			}
		}
		LeakCheck.check(end.name());
	}

	/** Whose sink does not come back from the first bytes before all is over. */
	private GrpcConnector connector(CountDownLatch reading) {
		return new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)), RemoteChannels.none(),
				(plugin, stream, bytes) -> {
					reading.countDown();
					try {
						this.over.await(LONG.toMillis(), TimeUnit.MILLISECONDS);
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}, StreamListener.NONE);
	}

	/** What ends while there is unread output. */
	enum End {

		/** The plugin has closed its output. */
		OF_THE_STREAM(Manners.GO_PLUGIN),
		/** The gateway closes the connection. */
		OF_THE_CONNECTION(Manners.GO_PLUGIN_FLOODS),
		/** The plugin goes away. */
		OF_THE_PLUGIN(Manners.GO_PLUGIN_FLOODS),
		/** The gateway ends, and has not closed the connection. */
		OF_EVERYTHING(Manners.GO_PLUGIN_FLOODS);

		private final Manners manners;

		End(Manners manners) {
			this.manners = manners;
		}

	}

}
