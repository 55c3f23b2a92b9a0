package org.hkpgateway.grpc;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.jspecify.annotations.Nullable;

/**
 * One address of a plugin that runs elsewhere, with its connection while there is one.
 * Each new connection begins with Initialize, because who answers there now may not be
 * who answered before. Visited by one thread at a time; may be closed by any.
 */
final class RemoteEndpoint {

	/** So many health checks without an answer, and another connection is tried. */
	private static final int MOST_MISSED = 3;

	private final String name;

	private final SocketAddress address;

	private final Connector connector;

	private final Consumer<GrpcPluginConnection> lost;

	private @Nullable GrpcPluginConnection connection;

	private @Nullable PluginIntroduction introduction;

	private int missed;

	private boolean closed;

	private String problem = "not connected yet";

	/**
	 * An endpoint without a connection.
	 * @param name for people
	 * @param address where it is
	 * @param connector makes connections
	 * @param lost told when one broke, on a thread that must not be blocked
	 */
	RemoteEndpoint(String name, SocketAddress address, Connector connector, Consumer<GrpcPluginConnection> lost) {
		this.name = name;
		this.address = address;
		this.connector = connector;
		this.lost = lost;
	}

	String name() {
		return this.name;
	}

	/**
	 * What it is that keeps it from being used.
	 * @return in words
	 */
	synchronized String problem() {
		return this.problem;
	}

	synchronized @Nullable GrpcPluginConnection connection() {
		return this.connection;
	}

	synchronized @Nullable PluginIntroduction introduction() {
		return this.introduction;
	}

	/**
	 * Connects unless it is connected. Blocks.
	 * @param timeout the longest to wait
	 * @return the connection
	 * @throws RuntimeException if there is none; {@link #problem()} says why
	 */
	GrpcPluginConnection connect(Duration timeout) {
		GrpcPluginConnection current = connection();
		return (current != null) ? current : attempt(() -> {
			GrpcPluginConnection made = this.connector.connect(this.name, this.address, timeout);
			keep(made);
			var unused = made.onLost().thenAccept((reason) -> {
				drop(made, reason);
				this.lost.accept(made);
				made.closeGently();
			});
			return made;
		});
	}

	private synchronized void keep(GrpcPluginConnection made) {
		if (this.closed) {
			made.close();
			throw new IllegalStateException("closed");
		}
		this.connection = made;
		this.missed = 0;
	}

	/**
	 * Connects and introduces the gateway unless that has been done. Blocks.
	 * @param instanceId names this incarnation of the gateway's connection
	 * @param deadline time that is left
	 * @return what the plugin says of itself
	 * @throws RuntimeException if it fails; {@link #problem()} says why
	 */
	PluginIntroduction initialize(String instanceId, Remaining deadline) {
		GrpcPluginConnection current = connect(deadline.left());
		PluginIntroduction known = introduction();
		return (known != null) ? known : attempt(() -> {
			PluginIntroduction made = current.initialize(instanceId, deadline.left());
			synchronized (this) {
				// It may have been lost meanwhile.
				this.introduction = (this.connection == current) ? made : null;
			}
			return made;
		});
	}

	/**
	 * Asks how it is, after connecting and initializing if need be. Blocks.
	 * @param instanceId as above
	 * @param deadline time that is left
	 * @return its answer
	 * @throws RuntimeException if there is none; {@link #problem()} says why
	 */
	HealthReport check(String instanceId, Remaining deadline) {
		PluginIntroduction unused = initialize(instanceId, deadline);
		GrpcPluginConnection current = connection();
		if (current == null) {
			throw new IllegalStateException("lost while it was greeted");
		}
		try {
			HealthReport report = attempt(() -> current.checkHealth(deadline.left()));
			synchronized (this) {
				this.missed = 0;
			}
			return report;
		}
		catch (PluginFailure ex) {
			missed(current);
			throw ex;
		}
	}

	private synchronized void missed(GrpcPluginConnection current) {
		this.missed++;
		if (this.missed >= MOST_MISSED) {
			drop(current, this.problem);
			current.closeGently();
		}
	}

	private <T> T attempt(Supplier<T> step) {
		try {
			return step.get();
		}
		catch (RuntimeException ex) {
			synchronized (this) {
				this.problem = String.valueOf(ex.getMessage());
			}
			throw ex;
		}
	}

	private synchronized void drop(GrpcPluginConnection lost, String reason) {
		if (this.connection == lost) {
			this.connection = null;
			this.introduction = null;
			this.problem = reason;
		}
	}

	/** For a name that no longer leads here: calls in flight may finish. */
	void leave() {
		GrpcPluginConnection current = end();
		if (current != null) {
			current.closeGently();
		}
	}

	/** Calls in flight fail. */
	void close() {
		GrpcPluginConnection current = end();
		if (current != null) {
			current.close();
		}
	}

	private synchronized @Nullable GrpcPluginConnection end() {
		GrpcPluginConnection current = this.connection;
		this.closed = true;
		this.connection = null;
		this.introduction = null;
		this.problem = "closed";
		return current;
	}

	/** Connects to one address. */
	@FunctionalInterface
	interface Connector {

		/**
		 * Connects. Blocks.
		 * @param name for people
		 * @param address where to
		 * @param timeout the longest to wait
		 * @return a connection that does not connect again once it is lost
		 */
		GrpcPluginConnection connect(String name, SocketAddress address, Duration timeout);

	}

	/**
	 * A deadline of several steps.
	 *
	 * @param at in the time of {@link System#nanoTime()}
	 */
	record Remaining(long at) {

		static Remaining of(Duration timeout) {
			return new Remaining(System.nanoTime() + timeout.toNanos());
		}

		/** At least a millisecond, so that a step fails in its own words. */
		Duration left() {
			return Duration.ofNanos(Math.max(1_000_000, this.at - System.nanoTime()));
		}

	}

}
