package org.hkpgateway.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.PluginLauncher;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All plugins of the gateway: starts them, keeps them running, stops them. Thread-safe.
 */
public final class PluginHost implements PluginRegistry, AutoCloseable {

	/** What {@link #close()} allows in total. */
	public static final Duration DEFAULT_CLOSE_LIMIT = Duration.ofSeconds(30);

	private static final Logger logger = LoggerFactory.getLogger(PluginHost.class);

	private final Tools tools;

	private final RestartPolicy policy;

	private final Function<PluginId, SupervisorLoop> loops;

	private final List<StateListener> listeners;

	private final Settlement settlement = new Settlement();

	/** Plugins whose first start waits for dependencies. */
	private final Set<PluginId> waiting = ConcurrentHashMap.newKeySet();

	private volatile Roster roster = Roster.EMPTY;

	private boolean started;

	private boolean closed;

	/**
	 * A host without plugins.
	 * @param launcher starts processes; closed with this host
	 * @param connector connects to them
	 * @param decorator guards their clients
	 * @param settings how long things may take
	 * @param listeners are told of every move
	 */
	public PluginHost(PluginLauncher launcher, PluginConnection.Connector connector, PluginClient.Decorator decorator,
			LifecycleSettings settings, List<StateListener> listeners) {
		this(new Tools(launcher, connector, decorator, settings), listeners,
				(plugin) -> new ThreadLoop(plugin, Clock.systemUTC()), () -> ThreadLocalRandom.current().nextDouble());
	}

	PluginHost(Tools tools, List<StateListener> listeners, Function<PluginId, SupervisorLoop> loops,
			DoubleSupplier random) {
		this.tools = tools;
		this.policy = new RestartPolicy(tools.settings().restart(), random);
		this.loops = loops;
		this.listeners = new ArrayList<>(listeners);
		this.listeners.add(this::onTransition);
	}

	/**
	 * Starts plugins, each as soon as its dependencies are READY, the others
	 * concurrently. A plugin whose dependencies are missing or lead in a circle goes to
	 * FAILED. Dependencies delay the first start only, not restarts. Does not block.
	 * @param plugins all that are enabled
	 * @throws IllegalArgumentException if an id occurs twice
	 * @throws IllegalStateException if called twice or after {@link #close()}
	 */
	public synchronized void start(List<PluginSpec> plugins) {
		if (this.started || this.closed) {
			throw new IllegalStateException(
					"plugin host: expected: one start before close, got: " + (this.closed ? "closed" : "started"));
		}
		Roster roster = Roster.of(plugins, this::supervisor);
		this.started = true;
		this.roster = roster;
		this.settlement.begin(plugins);
		List<PluginId> independent = new ArrayList<>();
		for (PluginSpec spec : roster.order().startable()) {
			(spec.dependencies().isEmpty() ? independent : this.waiting).add(spec.id());
		}
		roster.order().unstartable().forEach((id, reason) -> roster.supervisor(id).refuse(reason));
		independent.forEach((id) -> roster.supervisor(id).start("gateway starts"));
	}

	private PluginSupervisor supervisor(PluginSpec spec) {
		SupervisorLoop loop = this.loops.apply(spec.id());
		return new PluginSupervisor(spec, this.tools, this.policy, loop, this.listeners);
	}

	private void onTransition(Transition transition) {
		switch (transition.to()) {
			case READY -> {
				this.settlement.ready(transition.plugin());
				startWaiting();
			}
			case FAILED -> settleFailed(transition.plugin());
			case STOPPED, STARTING, STANDBY, BACKOFF, DRAINING -> {
			}
		}
	}

	private void startWaiting() {
		for (PluginId id : List.copyOf(this.waiting)) {
			// Two dependencies may become READY at once: only one of them starts it.
			if (this.roster.unmetDependencies(id).isEmpty() && this.waiting.remove(id)) {
				this.roster.supervisor(id).start("its dependencies are READY");
			}
		}
	}

	/** Nobody should wait for a plugin that waits for a failed one. */
	private void settleFailed(PluginId failed) {
		this.settlement.failed(failed);
		this.roster.dependents(failed).stream().filter(this.waiting::contains).forEach(this::settleFailed);
	}

	@Override
	public List<Entry> chain() {
		return this.roster.chain();
	}

	/**
	 * Every plugin as of now, in chain order, whether or not it sees requests. Does not
	 * block.
	 * @return immutable snapshots
	 */
	public List<PluginStatus> statuses() {
		return this.roster.supervisors().stream().map(this::status).toList();
	}

	private PluginStatus status(PluginSupervisor supervisor) {
		PluginId id = supervisor.spec().id();
		return supervisor.status(this.waiting.contains(id) ? this.roster.unmetDependencies(id) : List.of());
	}

	/**
	 * Completes once each required plugin has been READY or FAILED, or waits for one that
	 * FAILED: the moment to open the public port. At once if no plugin is required;
	 * cancelled if the host is closed before. Dependents may run on a supervisor's thread
	 * and must not block.
	 * @return a copy that the caller may cancel
	 */
	public CompletableFuture<Void> settled() {
		return this.settlement.settled();
	}

	/**
	 * Whether each required plugin has been READY at least once since {@link #start}.
	 * Never becomes false again.
	 * @return false before the start
	 */
	public boolean requiredReady() {
		return this.settlement.requiredReady();
	}

	/** Closes within {@link #DEFAULT_CLOSE_LIMIT}. */
	@Override
	public void close() {
		close(DEFAULT_CLOSE_LIMIT);
	}

	/**
	 * Stops the plugins: those that depend on others before these, independent ones at
	 * the same time. Then closes the launcher, which kills what has not ended. Blocks.
	 * Nothing if called again. An interruption ends the waiting for the plugins only.
	 * @param limit the longest to wait for the plugins; the launcher's close comes on top
	 */
	public void close(Duration limit) {
		synchronized (this) {
			if (this.closed) {
				return;
			}
			this.closed = true;
		}
		this.waiting.clear();
		this.settlement.cancel();
		boolean interrupted = await(this.roster.retireAll("gateway stops"), limit);
		this.tools.launcher().close();
		this.roster.supervisors().forEach(PluginSupervisor::close);
		if (interrupted) {
			// Only now: it would have kept the launcher from waiting for its processes.
			Thread.currentThread().interrupt();
		}
	}

	private boolean await(CompletableFuture<Void> stopped, Duration limit) {
		try {
			stopped.get(limit.toNanos(), TimeUnit.NANOSECONDS);
			return false;
		}
		catch (TimeoutException | ExecutionException ex) {
			List<String> left = statuses().stream()
				.filter((status) -> status.state() != PluginState.STOPPED)
				.map((status) -> status.id() + " (" + status.state() + ")")
				.toList();
			logger.warn("plugins: expected: all stopped within {} ms, got: {} not stopped; they are killed",
					limit.toMillis(), left);
			return false;
		}
		catch (InterruptedException ex) {
			logger.warn("plugins: interrupted while they stop; those left are killed");
			return true;
		}
	}

}
