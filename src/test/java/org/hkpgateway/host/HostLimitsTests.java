package org.hkpgateway.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.Empty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What {@link HostLimits} keep a process from.
 */
@Timeout(60)
class HostLimitsTests {

	private static final PluginSpec ALPHA = TestSpec.named("alpha").build();

	@Test
	void aMessageBeyondTheLimitIsRefused() {
		try (TestHost host = new TestHost();
				HostAccess.Session session = host.open(ALPHA, "a");
				HostClient client = HostClient.of(session.environment())) {
			assertThat(client.token(session.environment()).getHostInfo(ofBytes(4_000_000)).getVersion()).isNotEmpty();
			Status status = catchThrowableOfType(StatusRuntimeException.class,
					() -> client.token(session.environment()).getHostInfo(ofBytes(5_000_000)))
				.getStatus();
			assertThat(status.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
		}
	}

	private static Empty ofBytes(int bytes) {
		UnknownFieldSet.Field field = UnknownFieldSet.Field.newBuilder()
			.addLengthDelimited(ByteString.copyFrom(new byte[bytes]))
			.build();
		return Empty.newBuilder().setUnknownFields(UnknownFieldSet.newBuilder().addField(999, field).build()).build();
	}

	@ParameterizedTest
	@EnumSource
	void connectionsBeyondTheLimitAreClosedAtOnce(ServerTransport transport) throws Exception {
		HostLimits limits = limits(2, Duration.ofMinutes(1));
		try (TestHost host = new TestHost(transport, limits); HostAccess.Session session = host.open(ALPHA, "a")) {
			try (SocketChannel first = connect(session);
					SocketChannel second = connect(session);
					SocketChannel third = connect(session)) {
				assertThat(readToEnd(third)).isTrue();
				assertThat(host.refusals).containsExactly("alpha too_many_connections");
			}
			TestHost.await("a place for a connection", () -> answers(session));
		}
	}

	private static boolean answers(HostAccess.Session session) {
		try (HostClient client = HostClient.of(session.environment())) {
			return !client.token(session.environment()).getHostInfo(Empty.getDefaultInstance()).getVersion().isEmpty();
		}
		catch (StatusRuntimeException ex) {
			return false;
		}
	}

	@Test
	void aConnectionThatSaysNothingIsClosed() throws Exception {
		HostLimits limits = limits(2, Duration.ofMillis(100));
		try (TestHost host = new TestHost(ServerTransport.best(), limits);
				HostAccess.Session session = host.open(ALPHA, "a");
				SocketChannel silent = connect(session)) {
			assertThat(readToEnd(silent)).isTrue();
		}
	}

	private static HostLimits limits(int connections, Duration idle) {
		HostLimits defaults = HostLimits.DEFAULTS;
		return new HostLimits(defaults.messageBytes(), defaults.metadataBytes(), defaults.callsPerConnection(),
				connections, idle, defaults.keepAlive(), defaults.keepAliveTimeout());
	}

	private static SocketChannel connect(HostAccess.Session session) throws IOException {
		String address = session.environment().get("PLUGIN_HOST_ADDRESS").substring("unix:".length());
		SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(address));
		channel.configureBlocking(false);
		return channel;
	}

	/** Reads until the other side has closed. */
	private static boolean readToEnd(SocketChannel channel) {
		ByteBuffer buffer = ByteBuffer.allocate(4096);
		TestHost.await("the end of the connection", () -> {
			try {
				return channel.read(buffer.clear()) < 0;
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
		return true;
	}

}
