package org.hkpgateway.grpc;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.StreamListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What programs built with go-plugin serve beside the plugin's own service.
 */
@Timeout(60)
class GoPluginPeerTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private final Map<PluginStdio.Stream, ByteArrayOutputStream> printed = new EnumMap<>(PluginStdio.Stream.class);

	private final AtomicLong taken = new AtomicLong();

	private final CountDownLatch release = new CountDownLatch(1);

	private volatile PluginStdio sink = (plugin, stream, bytes) -> {
		assertThat(plugin).isEqualTo(new PluginId("fake"));
		synchronized (this.printed) {
			this.printed.computeIfAbsent(stream, (unused) -> new ByteArrayOutputStream()).writeBytes(bytes);
		}
	};

	private FakePlugin plugin;

	private GrpcConnector connector;

	@BeforeEach
	void start(@TempDir Path directory) throws Exception {
		this.plugin = new FakePlugin(directory);
		this.plugin.manners = Manners.GO_PLUGIN;
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)), RemoteChannels.none(),
				(plugin, stream, bytes) -> this.sink.accept(plugin, stream, bytes), StreamListener.NONE);
	}

	@AfterEach
	void close() throws Exception {
		this.release.countDown();
		this.connector.close();
		this.plugin.close();
	}

	@Test
	void outputComesInOrderByStream() {
		try (PluginConnection connection = connect()) {
			await(() -> printed(PluginStdio.Stream.STDOUT).endsWith("half a line\n"));
			assertThat(printed(PluginStdio.Stream.STDOUT)).isEqualTo("a line\nhalf a line\n");
			assertThat(printed(PluginStdio.Stream.STDERR)).isEqualTo("panic: x\n");
		}
	}

	@Test
	void sinkThatFailsDoesNotStopTheReading() {
		this.sink = (plugin, stream, bytes) -> {
			this.taken.addAndGet(bytes.length);
			throw new IllegalStateException("disk full");
		};
		try (PluginConnection connection = connect()) {
			await(() -> this.taken.get() == "a line\nhalf a line\npanic: x\n".length());
		}
	}

	@Test
	void floodWaitsInThePluginAndNotHere() throws Exception {
		this.plugin.manners = Manners.GO_PLUGIN_FLOODS;
		CountDownLatch blocked = new CountDownLatch(1);
		this.sink = (plugin, stream, bytes) -> {
			blocked.countDown();
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.taken.addAndGet(bytes.length);
		};
		try (PluginConnection connection = connect()) {
			assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
			connection.initialize("i-1", LONG);
			// The plugin answers while nobody takes what it prints ...
			for (int i = 0; i < 1000; i++) {
				assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG)).isNotNull();
			}
			// ... of which no more than the windows of HTTP/2 hold has left it.
			assertThat(this.plugin.flooded).hasValueLessThan(4 << 20);
			this.release.countDown();
			await(() -> this.taken.get() > (5 << 20));
		}
	}

	@Test
	void standardHealthStandsInForHealthCheck() {
		try (PluginConnection connection = connect()) {
			HealthReport healthy = new HealthReport(HealthReport.Status.HEALTHY, "", Map.of());
			assertThat(connection.checkHealth(LONG)).isEqualTo(healthy);
			assertThat(connection.checkHealth(LONG)).isEqualTo(healthy);
			this.plugin.manners = Manners.GO_PLUGIN_NOT_SERVING;
			assertThat(connection.checkHealth(LONG).status()).isEqualTo(HealthReport.Status.UNHEALTHY);
			assertThat(this.plugin.calls).as("asked once, then remembered").containsExactly("HealthCheck");
		}
	}

	@Test
	void notServingAtTheStart() {
		this.plugin.manners = Manners.GO_PLUGIN_NOT_SERVING;
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(this::connect)
			.withMessage("plugin fake: cannot connect: health of the service 'plugin': expected: SERVING, "
					+ "got: NOT_SERVING");
	}

	@Test
	void controllerIsToldAfterThePlugin() {
		try (PluginConnection connection = connect()) {
			connection.shutdown("gateway stops", LONG);
			assertThat(this.plugin.calls).containsExactly("Shutdown");
			assertThat(this.plugin.otherCalls).contains("Shutdown");
		}
	}

	@Test
	void controllerIsNotToldWhenNobodyIsLeft() {
		this.plugin.manners = Manners.EXITS_DURING_SHUTDOWN;
		try (PluginConnection connection = connect()) {
			connection.shutdown("gateway stops", LONG);
			assertThat(this.plugin.otherCalls).doesNotContain("Shutdown");
		}
	}

	private PluginConnection connect() {
		return this.connector.offer(TestEvents.spec()).connect(this.plugin.endpoint(), null, LONG);
	}

	private String printed(PluginStdio.Stream stream) {
		synchronized (this.printed) {
			ByteArrayOutputStream bytes = this.printed.get(stream);
			return (bytes != null) ? bytes.toString(StandardCharsets.UTF_8) : "";
		}
	}

	static void await(BooleanSupplier condition) {
		long deadline = System.nanoTime() + LONG.toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("deadline of %s", LONG).isLessThan(deadline);
			Thread.onSpinWait();
		}
	}

}
