package org.hkpgateway.host;

import java.util.stream.Stream;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.CompareAndSetStateResponse;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.PluginHostGrpc.PluginHostBlockingStub;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * The shared state as plugins see it, over their socket.
 */
class StateCallsTests {

	private static final PluginSpec ALPHA = TestSpec.named("alpha").granted(Capability.STATE).build();

	private static final AcquireTokensRequest BUCKET = AcquireTokensRequest.newBuilder()
		.setKey("bucket")
		.setTokens(1)
		.setCapacity(2)
		.setRefillTokens(1)
		.setRefillPeriodMs(3_600_000)
		.build();

	private final TestHost host = new TestHost();

	private final HostAccess.Session session = this.host.open(ALPHA, "a");

	private final HostClient client = HostClient.of(this.session.environment());

	private final PluginHostBlockingStub stub = this.client.token(this.session.environment());

	@AfterEach
	void close() {
		this.client.close();
		this.session.close();
		this.host.close();
	}

	private static StateKey key(String key) {
		return StateKey.newBuilder().setKey(key).build();
	}

	private static PutStateRequest put(String key, int bytes, long ttl) {
		return PutStateRequest.newBuilder()
			.setKey(key)
			.setValue(ByteString.copyFrom(new byte[bytes]))
			.setTtlMs(ttl)
			.build();
	}

	@Test
	void aValueComesBackWithItsVersionAndTime() {
		StateValue stored = this.stub.putState(put("a", 3, 60_000));
		assertThat(stored.getFound()).isTrue();
		assertThat(stored.getValue().size()).isEqualTo(3);
		assertThat(stored.getTtlMs()).isBetween(30_000L, 60_000L);
		StateValue found = this.stub.getState(key("a"));
		assertThat(found.getVersion()).isEqualTo(stored.getVersion()).isNotZero();
		assertThat(found.getValue()).isEqualTo(stored.getValue());
		assertThat(this.stub.putState(put("a", 0, 0)).getTtlMs()).isZero();
		this.stub.deleteState(key("a"));
		assertThat(this.stub.getState(key("a"))).isEqualTo(StateValue.getDefaultInstance());
	}

	@Test
	void compareAndSetTellsWhatIsThere() {
		CompareAndSetStateRequest request = CompareAndSetStateRequest.newBuilder()
			.setKey("a")
			.setValue(ByteString.copyFromUtf8("x"))
			.build();
		CompareAndSetStateResponse made = this.stub.compareAndSetState(request);
		assertThat(made.getStored()).isTrue();
		assertThat(this.stub.compareAndSetState(request))
			.isEqualTo(CompareAndSetStateResponse.newBuilder().setCurrent(made.getCurrent()).build());
		CompareAndSetStateResponse wrong = this.stub
			.compareAndSetState(request.toBuilder().setKey("none").setExpectedVersion(7).build());
		assertThat(wrong)
			.isEqualTo(CompareAndSetStateResponse.newBuilder().setCurrent(StateValue.getDefaultInstance()).build());
	}

	@Test
	void aCounterTellsItsWindow() {
		IncrementStateRequest request = IncrementStateRequest.newBuilder()
			.setKey("a")
			.setDelta(2)
			.setWindowMs(60_000)
			.build();
		this.stub.incrementState(request);
		IncrementStateResponse answer = this.stub.incrementState(request);
		assertThat(answer.getValue()).isEqualTo(4);
		assertThat(answer.getRemainingMs()).isBetween(30_000L, 60_000L);
	}

	@Test
	void aBucketTellsWhenToComeAgain() {
		assertThat(this.stub.acquireTokens(BUCKET))
			.isEqualTo(AcquireTokensResponse.newBuilder().setAcquired(true).setRemaining(1).build());
		this.stub.acquireTokens(BUCKET);
		AcquireTokensResponse refused = this.stub.acquireTokens(BUCKET);
		assertThat(refused.getAcquired()).isFalse();
		assertThat(refused.getRetryAfterMs()).isBetween(3_000_000L, 3_600_000L);
	}

	@Test
	void whatAProcessLeavesItsSuccessorFindsAndNoOtherPlugin() {
		this.stub.putState(put("a", 1, 0));
		this.session.close();
		try (HostAccess.Session next = this.host.open(ALPHA, "b");
				HostClient nextClient = HostClient.of(next.environment());
				HostAccess.Session other = this.host.open(TestSpec.named("beta").granted(Capability.STATE).build(),
						"c");
				HostClient otherClient = HostClient.of(other.environment())) {
			assertThat(nextClient.token(next.environment()).getState(key("a")).getFound()).isTrue();
			assertThat(otherClient.token(other.environment()).getState(key("a")).getFound()).isFalse();
		}
	}

	@Test
	void whatExceedsTheQuotaIsRefused() {
		assertThat(status(() -> this.stub.putState(put("a", 1000, 0))))
			.isEqualTo("RESOURCE_EXHAUSTED: expected: at most 5 keys and 1000 bytes, got: 1 keys and 1001 bytes; "
					+ "delete some, or give them a time to live; the operator sets hkp.state.max-keys and .max-bytes");
	}

	@Test
	void aSumBeyond64BitsIsRefused() {
		IncrementStateRequest request = IncrementStateRequest.newBuilder().setKey("a").setDelta(Long.MAX_VALUE).build();
		this.stub.incrementState(request);
		assertThat(status(() -> this.stub.incrementState(request))).startsWith("OUT_OF_RANGE: expected: ");
	}

	static Stream<Arguments> wrong() {
		return Stream.of(Arguments.of(key(""), "key: expected: 1 to 256 bytes of UTF-8, got: 0 bytes"),
				Arguments.of(key("x".repeat(257)), "key: expected: 1 to 256 bytes of UTF-8, got: 257 bytes"),
				Arguments.of(put("a", 1, -1), "ttl_ms: expected: 0 to 315360000000, got: -1"),
				Arguments.of(put("a", 1, Long.MAX_VALUE),
						"ttl_ms: expected: 0 to 315360000000, got: 9223372036854775807"),
				Arguments.of(IncrementStateRequest.newBuilder().setKey("a").setWindowMs(-1).build(),
						"window_ms: expected: 0 to 315360000000, got: -1"),
				Arguments.of(BUCKET.toBuilder().setCapacity(0).build(),
						"capacity: expected: 1 to 9007199254740991, got: 0"),
				Arguments.of(BUCKET.toBuilder().setTokens(3).build(),
						"tokens: expected: 0 to the capacity of 2, got: 3"),
				Arguments.of(BUCKET.toBuilder().setTokens(-1).build(),
						"tokens: expected: 0 to the capacity of 2, got: -1"),
				Arguments.of(BUCKET.toBuilder().setCapacity(Long.MAX_VALUE).build(),
						"capacity: expected: 1 to 9007199254740991, got: 9223372036854775807"),
				Arguments.of(BUCKET.toBuilder().setRefillTokens(0).build(),
						"refill_tokens: expected: 1 to 9007199254740991, got: 0"),
				Arguments.of(BUCKET.toBuilder().setRefillTokens(2_000_000).setRefillPeriodMs(1).build(),
						"refill_tokens: expected: at most one for each nanosecond of the period, got: 2000000"),
				Arguments.of(BUCKET.toBuilder().setRefillPeriodMs(Long.MAX_VALUE).build(),
						"refill_period_ms: expected: 1 to 31622400000, got: 9223372036854775807"));
	}

	@ParameterizedTest
	@MethodSource("wrong")
	void wrongArgumentsAreNamed(Message request, String message) {
		assertThat(status(() -> send(request))).isEqualTo("INVALID_ARGUMENT: " + message);
	}

	private void send(Message request) {
		if (request instanceof StateKey key) {
			this.stub.getState(key);
		}
		else if (request instanceof PutStateRequest put) {
			this.stub.putState(put);
		}
		else if (request instanceof IncrementStateRequest increment) {
			this.stub.incrementState(increment);
		}
		else {
			this.stub.acquireTokens((AcquireTokensRequest) request);
		}
	}

	private static String status(ThrowingCallable call) {
		Status status = catchThrowableOfType(StatusRuntimeException.class, call).getStatus();
		return status.getCode() + ": " + status.getDescription();
	}

}
