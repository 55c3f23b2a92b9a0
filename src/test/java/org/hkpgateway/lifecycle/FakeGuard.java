package org.hkpgateway.lifecycle;

import java.time.Duration;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import reactor.core.publisher.Mono;

/**
 * Guards that do nothing, with a breaker that opens when it is told to.
 */
final class FakeGuard implements PluginClient.Guarded {

	private final PluginId id;

	private final PluginClient client;

	private final BreakerListener listener;

	private volatile BreakerState state = BreakerState.CLOSED;

	FakeGuard(PluginId id, PluginClient client, BreakerListener listener) {
		this.id = id;
		this.client = client;
		this.listener = listener;
	}

	void open() {
		open(Phase.REQUEST, BreakerState.CLOSED);
	}

	void open(Phase phase, BreakerState from) {
		this.state = BreakerState.OPEN;
		this.listener.stateChanged(this.id, phase, from, BreakerState.OPEN);
	}

	void close(Phase phase) {
		this.state = BreakerState.CLOSED;
		this.listener.stateChanged(this.id, phase, BreakerState.HALF_OPEN, BreakerState.CLOSED);
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return this.client.decide(event, budget);
	}

	@Override
	public KeyProvider keys() {
		return this.client.keys();
	}

	@Override
	public ResponseClient.Guarded responses() {
		return null;
	}

	@Override
	public PluginClient unrecorded() {
		return this.client;
	}

	@Override
	public GuardStatus status() {
		return new GuardStatus(new BreakerStatus(this.state, -1, -1, 0, 0), LatencyStatus.NONE, 0, 1);
	}

}
