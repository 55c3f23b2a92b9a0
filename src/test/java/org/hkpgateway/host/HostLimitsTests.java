package org.hkpgateway.host;

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

	private static final Duration SOON = Duration.ofMillis(200);

	private static final Duration LATE = Duration.ofMinutes(1);

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
		HostLimits limits = limits(2, LATE, LATE, LATE);
		try (TestHost host = new TestHost(transport, limits); HostAccess.Session session = host.open(ALPHA, "a")) {
			try (RawHostClient first = new RawHostClient(session);
					RawHostClient second = new RawHostClient(session);
					RawHostClient third = new RawHostClient(session)) {
				third.awaitEnd();
				// The end of the connection is seen before it is counted.
				TestHost.await("a word about it", () -> !host.refusals.isEmpty());
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
		HostLimits limits = limits(2, SOON, LATE, LATE);
		try (TestHost host = new TestHost(ServerTransport.best(), limits);
				HostAccess.Session session = host.open(ALPHA, "a");
				RawHostClient silent = new RawHostClient(session)) {
			silent.awaitEnd();
		}
	}

	@Test
	void aConnectionThatNobodyUsesIsClosedAndTheNextCallOpensAnother() {
		HostLimits limits = limits(2, LATE, SOON, LATE);
		try (TestHost host = new TestHost(ServerTransport.best(), limits);
				HostAccess.Session session = host.open(ALPHA, "a");
				HostClient client = HostClient.of(session.environment())) {
			client.token(session.environment()).getHostInfo(Empty.getDefaultInstance());
			TestHost.await("the end of the connection", () -> !client.connected());
			assertThat(client.token(session.environment()).getHostInfo(Empty.getDefaultInstance()).getVersion())
				.isEqualTo("1.2.3");
		}
	}

	private static HostLimits limits(int connections, Duration handshake, Duration idle, Duration keepAlive) {
		HostLimits defaults = HostLimits.DEFAULTS;
		return new HostLimits(defaults.messageBytes(), defaults.metadataBytes(), defaults.callsPerConnection(),
				connections, handshake, idle, keepAlive, keepAlive);
	}

}
