package org.hkpgateway.sdk.test;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.HostInfo;

import org.jspecify.annotations.Nullable;

/**
 * A gateway in memory: state by a virtual clock, keys that the test has put there, and
 * events that it can look at. Answers at once, on the caller's thread; what was not
 * granted fails as with the gateway. Thread-safe.
 */
public final class FakeHost implements Host {

	private final VirtualClock clock = new VirtualClock();

	private final Set<String> grants;

	private final FakeState state = new FakeState(this, this.clock);

	private final FakeKeys keys = new FakeKeys(this);

	private final FakeEvents events = new FakeEvents(this, this.clock);

	private volatile HostException.@Nullable Reason failure;

	FakeHost(Set<String> grants) {
		this.grants = Set.copyOf(grants);
	}

	/**
	 * The clock by which state expires and buckets fill.
	 * @return always the same
	 */
	public VirtualClock clock() {
		return this.clock;
	}

	/**
	 * Lets every call fail from now on, to see how the plugin decides without the
	 * gateway.
	 * @param reason why
	 */
	public void fail(HostException.Reason reason) {
		this.failure = reason;
	}

	/** Lets calls succeed again. */
	public void heal() {
		this.failure = null;
	}

	@Override
	public CompletionStage<HostInfo> info() {
		return answer("", () -> new HostInfo("test", "1.0", Map.of(),
				Map.of("replica", FakeEvents.REPLICA, "timeout_ms", "200")));
	}

	@Override
	public FakeState state() {
		return this.state;
	}

	@Override
	public FakeKeys keys() {
		return this.keys;
	}

	@Override
	public FakeEvents events() {
		return this.events;
	}

	/** Why a call fails. */
	@Nullable HostException refusal(String grant) {
		HostException.Reason reason = this.failure;
		if (reason != null) {
			return new HostException(reason, "the test wants it so");
		}
		return (grant.isEmpty() || this.grants.contains(grant)) ? null : HostException.notGranted(grant);
	}

	<T> CompletionStage<T> answer(String grant, Supplier<T> result) {
		HostException refusal = refusal(grant);
		if (refusal != null) {
			return CompletableFuture.failedFuture(refusal);
		}
		try {
			return CompletableFuture.completedFuture(result.get());
		}
		catch (HostException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

}
