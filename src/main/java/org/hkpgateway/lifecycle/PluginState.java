package org.hkpgateway.lifecycle;

import java.util.Set;

/**
 * Where a plugin is in its life. These moves exist and no others:
 *
 * <pre>
 * STOPPED  -&gt; STARTING
 * STARTING -&gt; READY | STANDBY | BACKOFF | DRAINING | FAILED
 * STANDBY  -&gt; READY | DRAINING
 * READY    -&gt; STANDBY | BACKOFF | DRAINING
 * BACKOFF  -&gt; STARTING | STOPPED | FAILED
 * DRAINING -&gt; STOPPED
 * FAILED   -&gt; STARTING | STOPPED
 * </pre>
 */
public enum PluginState {

	/** No process, and none wanted yet or any more. */
	STOPPED,
	/**
	 * Launch, handshake, connection, Initialize and a first health check are going on.
	 */
	STARTING,
	/** Decides requests. */
	READY,
	/** Runs but gets no requests: the other generation of a swap. */
	STANDBY,
	/** Died; will be started again after a delay. */
	BACKOFF,
	/** Gets no new requests; those in flight finish, then it is shut down. */
	DRAINING,
	/** Died too often; tried again only by the operator or after a long wait. */
	FAILED;

	/**
	 * The states that may follow this one.
	 * @return immutable, never empty
	 */
	public Set<PluginState> successors() {
		return switch (this) {
			case STOPPED -> Set.of(STARTING);
			case STARTING -> Set.of(READY, STANDBY, BACKOFF, DRAINING, FAILED);
			case STANDBY -> Set.of(READY, DRAINING);
			case READY -> Set.of(STANDBY, BACKOFF, DRAINING);
			case BACKOFF -> Set.of(STARTING, STOPPED, FAILED);
			case DRAINING -> Set.of(STOPPED);
			case FAILED -> Set.of(STARTING, STOPPED);
		};
	}

	/**
	 * Whether a move exists.
	 * @param next the state to move to
	 * @return true if it may follow this one
	 */
	public boolean mayBecome(PluginState next) {
		return successors().contains(next);
	}

}
