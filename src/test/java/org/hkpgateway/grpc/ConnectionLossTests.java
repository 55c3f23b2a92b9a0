package org.hkpgateway.grpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.PluginConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginConnection#onLost()}.
 */
@Timeout(60)
class ConnectionLossTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	@TempDir
	private Path directory;

	private FakePlugin plugin;

	private GrpcConnector connector;

	private PluginConnection connection;

	@BeforeEach
	void connect() throws Exception {
		this.plugin = new FakePlugin(this.directory);
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.connection = this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
	}

	@AfterEach
	void close() throws Exception {
		this.connection.close();
		this.connector.close();
		this.plugin.close();
	}

	@Test
	void pluginThatIsGone() throws Exception {
		assertThat(this.connection.onLost()).isNotDone();
		this.plugin.close();
		assertThat(this.connection.onLost().get(5, TimeUnit.SECONDS))
			.startsWith("its connection broke, and no other could be made: UNAVAILABLE");
	}

	@Test
	void connectionThatTheServerEndsIsMadeAgain() throws Exception {
		this.plugin.endConnections();
		GoPluginPeerTests.await(() -> this.plugin.connections.get() == 2);
		assertThat(this.connection.checkHealth(LONG).message()).isEqualTo("one of two");
		assertThat(this.connection.onLost()).isNotDone();
		this.plugin.endConnections();
		GoPluginPeerTests.await(() -> this.plugin.connections.get() == 3);
		this.plugin.close();
		assertThat(this.connection.onLost().get(5, TimeUnit.SECONDS)).contains("no other could be made");
	}

	@Test
	void closedByUs() throws Exception {
		this.connection.close();
		this.plugin.close();
		this.connector.close();
		assertThat(this.connection.onLost()).isNotDone();
	}

}
