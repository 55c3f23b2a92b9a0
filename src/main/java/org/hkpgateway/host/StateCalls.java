package org.hkpgateway.host;

import java.time.Duration;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.CompareAndSetStateResponse;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.state.StateKey;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.state.TokenBucket;

/**
 * The shared state as the protocol has it: checks what plugins send, and asks the store
 * in the namespace of the caller.
 */
final class StateCalls {

	private static final StateValue NOT_FOUND = StateValue.getDefaultInstance();

	private final StateStore store;

	StateCalls(StateStore store) {
		this.store = store;
	}

	void get(org.hkpgateway.proto.StateKey request, StreamObserver<StateValue> answer) {
		Reply.with(() -> this.store.get(key(request.getKey())).map(StateCalls::found).defaultIfEmpty(NOT_FOUND),
				answer);
	}

	void put(PutStateRequest request, StreamObserver<StateValue> answer) {
		Reply.with(() -> this.store
			.put(key(request.getKey()), request.getValue().toByteArray(), time("ttl_ms", request.getTtlMs()))
			.map(StateCalls::found), answer);
	}

	void compareAndSet(CompareAndSetStateRequest request, StreamObserver<CompareAndSetStateResponse> answer) {
		Reply.with(() -> this.store
			.compareAndSet(key(request.getKey()), request.getExpectedVersion(), request.getValue().toByteArray(),
					time("ttl_ms", request.getTtlMs()))
			.map((swap) -> CompareAndSetStateResponse.newBuilder()
				.setStored(swap.stored())
				.setCurrent(swap.current().map(StateCalls::found).orElse(NOT_FOUND))
				.build()), answer);
	}

	void delete(org.hkpgateway.proto.StateKey request, StreamObserver<Empty> answer) {
		Reply.with(() -> this.store.delete(key(request.getKey())).thenReturn(Empty.getDefaultInstance()), answer);
	}

	void increment(IncrementStateRequest request, StreamObserver<IncrementStateResponse> answer) {
		Reply.with(() -> this.store
			.increment(key(request.getKey()), request.getDelta(), time("window_ms", request.getWindowMs()))
			.map((count) -> IncrementStateResponse.newBuilder()
				.setValue(count.value())
				.setRemainingMs(milliseconds(count.remaining()))
				.build()), answer);
	}

	void acquire(AcquireTokensRequest request, StreamObserver<AcquireTokensResponse> answer) {
		Reply.with(() -> {
			TokenBucket bucket = new TokenBucket(request.getCapacity(), request.getRefillTokens(),
					Duration.ofMillis(request.getRefillPeriodMs()));
			check(request.getTokens() >= 0 && request.getTokens() <= bucket.capacity(), "tokens",
					"0 to the capacity of " + bucket.capacity(), request.getTokens());
			return this.store.acquire(key(request.getKey()), request.getTokens(), bucket)
				.map((acquired) -> AcquireTokensResponse.newBuilder()
					.setAcquired(acquired.acquired())
					.setRemaining(acquired.remaining())
					.setRetryAfterMs(milliseconds(acquired.retryAfter()))
					.build());
		}, answer);
	}

	private static StateKey key(String name) {
		return new StateKey(CallerIdentity.current().plugin().id(), name);
	}

	private static Duration time(String field, long milliseconds) {
		check(milliseconds >= 0 && milliseconds <= StateStore.LONGEST_TTL.toMillis(), field,
				"0 to " + StateStore.LONGEST_TTL.toMillis(), milliseconds);
		return Duration.ofMillis(milliseconds);
	}

	private static void check(boolean holds, String field, String expected, long got) {
		if (!holds) {
			throw new IllegalArgumentException(field + ": expected: " + expected + ", got: " + got);
		}
	}

	private static StateValue found(org.hkpgateway.state.StateValue value) {
		return StateValue.newBuilder()
			.setFound(true)
			// Nobody changes what a store has given out.
			.setValue(UnsafeByteOperations.unsafeWrap(value.bytes()))
			.setVersion(value.version())
			.setTtlMs(milliseconds(value.remaining()))
			.build();
	}

	/** Rounded up: nothing that has time left is told to have none. */
	private static long milliseconds(Duration time) {
		return (time.toNanos() + 999_999) / 1_000_000;
	}

}
