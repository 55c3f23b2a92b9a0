package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

import com.google.protobuf.ByteString;
import io.grpc.MethodDescriptor;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.sdk.host.SharedState;

/**
 * The shared state as the host service has it.
 */
final class GrpcSharedState implements SharedState {

	static final String GRANT = "state";

	private final HostLink link;

	private final Duration timeout;

	/**
	 * Makes it.
	 * @param link the way there
	 * @param timeout the longest that a call may take
	 */
	GrpcSharedState(HostLink link, Duration timeout) {
		this.link = link;
		this.timeout = timeout;
	}

	@Override
	public CompletionStage<Optional<Value>> get(String key) {
		return call(PluginHostGrpc.getGetStateMethod(), key(key), GrpcSharedState::found);
	}

	@Override
	public CompletionStage<Value> put(String key, byte[] value, Duration ttl) {
		return call(PluginHostGrpc.getPutStateMethod(),
				PutStateRequest.newBuilder()
					.setKey(key)
					.setValue(ByteString.copyFrom(value))
					.setTtlMs(ttl.toMillis())
					.build(),
				GrpcSharedState::value);
	}

	@Override
	public CompletionStage<Swap> compareAndSet(String key, long expectedVersion, byte[] value, Duration ttl) {
		return call(PluginHostGrpc.getCompareAndSetStateMethod(),
				CompareAndSetStateRequest.newBuilder()
					.setKey(key)
					.setExpectedVersion(expectedVersion)
					.setValue(ByteString.copyFrom(value))
					.setTtlMs(ttl.toMillis())
					.build(),
				(answer) -> new Swap(answer.getStored(), found(answer.getCurrent())));
	}

	@Override
	public CompletionStage<Void> delete(String key) {
		return call(PluginHostGrpc.getDeleteStateMethod(), key(key), (answer) -> answer).thenAccept((answer) -> {
		});
	}

	@Override
	public CompletionStage<Count> increment(String key, long delta, Duration window) {
		return call(PluginHostGrpc.getIncrementStateMethod(),
				IncrementStateRequest.newBuilder().setKey(key).setDelta(delta).setWindowMs(window.toMillis()).build(),
				(answer) -> new Count(answer.getValue(), Duration.ofMillis(answer.getRemainingMs())));
	}

	@Override
	public CompletionStage<Acquired> acquire(String key, long tokens, Bucket bucket) {
		return call(PluginHostGrpc.getAcquireTokensMethod(),
				AcquireTokensRequest.newBuilder()
					.setKey(key)
					.setTokens(tokens)
					.setCapacity(bucket.capacity())
					.setRefillTokens(bucket.refill())
					.setRefillPeriodMs(bucket.period().toMillis())
					.build(),
				(answer) -> new Acquired(answer.getAcquired(), answer.getRemaining(),
						Duration.ofMillis(answer.getRetryAfterMs())));
	}

	private <Q, A, R> CompletionStage<R> call(MethodDescriptor<Q, A> method, Q request, Function<A, R> result) {
		return this.link.call(GRANT, method, request, this.timeout, result);
	}

	private static StateKey key(String key) {
		return StateKey.newBuilder().setKey(key).build();
	}

	private static Optional<Value> found(StateValue answer) {
		return answer.getFound() ? Optional.of(value(answer)) : Optional.empty();
	}

	private static Value value(StateValue answer) {
		return new Value(answer.getValue().toByteArray(), answer.getVersion(), Duration.ofMillis(answer.getTtlMs()));
	}

}
