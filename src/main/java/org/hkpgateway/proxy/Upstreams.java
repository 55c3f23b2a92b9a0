package org.hkpgateway.proxy;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * Which keyserver a request goes to. What may change something goes to the first, the
 * primary, and nowhere else. What only reads goes to the one with the fewest requests in
 * flight among those that are up; if none is, among all, for a keyserver that is wrongly
 * taken to be down is better than none. Thread-safe.
 */
final class Upstreams {

	private final List<UpstreamServer> servers;

	private final AtomicInteger turn = new AtomicInteger();

	/**
	 * Makes a choice of keyservers.
	 * @param servers at least one, the primary first
	 */
	Upstreams(List<UpstreamServer> servers) {
		this.servers = List.copyOf(servers);
	}

	List<UpstreamServer> all() {
		return this.servers;
	}

	UpstreamServer primary() {
		return this.servers.get(0);
	}

	/**
	 * Whether there is a choice at all.
	 * @return false if there is only the primary
	 */
	boolean isSeveral() {
		return this.servers.size() > 1;
	}

	/**
	 * Chooses for a request that only reads.
	 * @param failed those that have failed to take it
	 * @return null if there is no other
	 */
	@Nullable UpstreamServer reader(Collection<UpstreamServer> failed) {
		UpstreamServer up = least(failed, true);
		return (up != null) ? up : least(failed, false);
	}

	/**
	 * What is known of a keyserver.
	 * @param server one of these
	 * @param error why it did not answer just now; empty if it did, or was not asked
	 * @return what is known now
	 */
	UpstreamStatus status(UpstreamServer server, String error) {
		boolean up = server.state().isUp();
		boolean inUse = up || this.servers.stream().noneMatch((one) -> one.state().isUp());
		return new UpstreamStatus(server.url(), server == primary(), up, inUse, server.failures().counts(),
				server.pool(), error);
	}

	/** Of those that are equally busy each has its turn. */
	private @Nullable UpstreamServer least(Collection<UpstreamServer> failed, boolean onlyUp) {
		int size = this.servers.size();
		int start = (size > 1) ? Math.floorMod(this.turn.getAndIncrement(), size) : 0;
		UpstreamServer least = null;
		for (int i = 0; i < size; i++) {
			UpstreamServer server = this.servers.get((start + i) % size);
			boolean eligible = !failed.contains(server) && (!onlyUp || server.state().isUp());
			if (eligible && (least == null || server.inFlight() < least.inFlight())) {
				least = server;
			}
		}
		return least;
	}

}
