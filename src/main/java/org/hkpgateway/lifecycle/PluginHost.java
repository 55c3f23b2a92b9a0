package org.hkpgateway.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.PluginLauncher;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All plugins of the gateway: starts them, keeps them running, swaps and stops them.
 * Thread-safe.
 * <p>
 * The actions do not block. Their futures always complete, never with an exception: when
 * the host closes, with {@link ActionResult.Outcome#FAILED} or
 * {@link ActionResult.Outcome#REFUSED}. They do so on a thread of the host, where
 * dependents must not block. What is asked of a plugin while something else is going on
 * there ends that; the action before it then completes as failed.
 */
public final class PluginHost implements PluginRegistry, AutoCloseable {

	/** What {@link #close()} allows in total. */
	public static final Duration DEFAULT_CLOSE_LIMIT = Duration.ofSeconds(30);

	private static final Logger logger = LoggerFactory.getLogger(PluginHost.class);

	private final PluginLauncher launcher;

	private final Control control;

	private final Actions actions;

	private final Board board;

	private boolean started;

	/**
	 * A host without plugins.
	 * @param launcher starts processes; closed with this host
	 * @param connector connects to them
	 * @param decorator guards their clients
	 * @param settings how long things may take
	 * @param listeners are told of every move of every generation
	 * @param breakers is told of the circuit breakers of the generations that decide
	 * @param events ties processes to the event bus
	 */
	public PluginHost(PluginLauncher launcher, PluginConnection.Connector connector, PluginClient.Decorator decorator,
			LifecycleSettings settings, List<StateListener> listeners, BreakerListener breakers, EventLinks events) {
		this(new Tools(launcher, connector, decorator, settings, events), listeners, breakers,
				(name) -> new ThreadLoop(name, Clock.systemUTC()), () -> ThreadLocalRandom.current().nextDouble());
	}

	PluginHost(Tools tools, List<StateListener> listeners, BreakerListener breakers,
			Function<String, SupervisorLoop> loops, DoubleSupplier random) {
		this.launcher = tools.launcher();
		this.control = new Control(loops.apply("control"));
		this.actions = new Actions(this.control);
		this.board = new Board(new SlotTools(tools, new RestartPolicy(tools.settings().restart(), random), loops,
				this.control, listeners, breakers));
	}

	/**
	 * Starts plugins, each as soon as its dependencies are READY, the others
	 * concurrently. A plugin whose dependencies are missing, disabled or lead in a circle
	 * goes to FAILED. Dependencies delay the first start only, not restarts. Disabled
	 * ones are known, but neither started nor in the chain. Does not block.
	 * @param plugins all there are
	 * @throws IllegalArgumentException if an id occurs twice
	 * @throws IllegalStateException if called twice or after {@link #close()}
	 */
	public void start(List<PluginSpec> plugins) {
		boolean open = this.control.unlessClosed(() -> {
			if (this.started) {
				throw new IllegalStateException("plugin host: expected: one start before close, got: started");
			}
			this.board.start(plugins);
			this.started = true;
		});
		if (!open) {
			throw new IllegalStateException("plugin host: expected: one start before close, got: closed");
		}
	}

	@Override
	public List<Entry> chain() {
		return this.board.roster().chain();
	}

	/**
	 * The plugin that is asked for keys before the keyserver is: in chain order the first
	 * that was granted {@code storage.provide}, is not a shadow, and answers such queries
	 * at the moment. Does not block.
	 * @return nothing if there is none
	 */
	public Optional<KeyProvider.Named> keyProvider() {
		for (PluginSlot slot : this.board.roster().slots()) {
			Optional<KeyProvider.Named> provider = slot.occupants().keyProvider();
			if (provider.isPresent()) {
				return provider;
			}
		}
		return Optional.empty();
	}

	/**
	 * Every plugin as of now, in chain order, disabled ones and those that see no
	 * requests included. Does not block.
	 * @return immutable snapshots
	 */
	public List<PluginStatus> statuses() {
		return this.board.roster().slots().stream().map(this::status).toList();
	}

	/**
	 * One plugin as of now. Does not block.
	 * @param id its name
	 * @return an immutable snapshot
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	public PluginStatus status(PluginId id) {
		return status(this.board.roster().slot(id));
	}

	private PluginStatus status(PluginSlot slot) {
		Occupants occupants = slot.occupants();
		Place other = (occupants.standby() != null) ? occupants.standby() : occupants.candidate();
		return PluginStatus.of(occupants.active().supervisor().snapshot(), occupants.enabled(),
				this.board.waitingFor(slot.id()),
				(other != null) ? PluginStatus.OtherGeneration.of(other.supervisor().snapshot()) : null,
				slot.lastSwap());
	}

	/**
	 * Stops a plugin and starts it again with a clean record; to a plugin whose process
	 * is not the gateway's it connects anew. Its fail policy answers meanwhile. Ends a
	 * swap that goes on.
	 * @param id its name
	 * @param reason why, also told to the plugin
	 * @return completes when it is READY again or the start has failed; a failed one is
	 * repeated as after any death
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	public CompletableFuture<ActionResult> restart(PluginId id, String reason) {
		return act(id, (slot) -> this.board.restart(slot, reason));
	}

	/**
	 * Replaces a READY plugin's process by a new one without losing a request: the new
	 * generation takes over when it is READY, and the former stands by until the trial is
	 * over. A plugin that is not READY is started afresh.
	 * @param id its name
	 * @param reason why, also told to the plugin
	 * @return completes when the new generation decides, or has failed to start
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	public CompletableFuture<ActionResult> reload(PluginId id, String reason) {
		return act(id, (slot) -> this.board.reload(slot, reason));
	}

	/**
	 * Starts a disabled plugin. It joins the chain when its first start has ended, READY
	 * or not, so that requests do not fail meanwhile; one that has to wait for its
	 * dependencies joins at once.
	 * @param id its name
	 * @return completes when it is READY or the start has failed; at once if it waits
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	public CompletableFuture<ActionResult> enable(PluginId id) {
		return act(id, this.board::enable);
	}

	/**
	 * Takes a plugin out of the chain and stops it. Refused while others that are enabled
	 * depend on it.
	 * @param id its name
	 * @return completes when no process of it is left
	 * @throws IllegalArgumentException if there is no such plugin
	 */
	public CompletableFuture<ActionResult> disable(PluginId id) {
		return act(id, this.board::disable);
	}

	private CompletableFuture<ActionResult> act(PluginId id,
			Function<PluginSlot, CompletableFuture<ActionResult>> action) {
		PluginSlot known = this.board.roster().slot(id);
		return this.actions.submit(() -> (this.board.roster().find(id) == known) ? action.apply(known)
				: CompletableFuture.completedFuture(ActionResult.refused("it has been removed meanwhile")));
	}

	/**
	 * What {@link #apply} would do. Compares with what the plugins are about to be, if a
	 * swap is going on. Does not block.
	 * @param next all plugins there are to be
	 * @return in words
	 * @throws IllegalArgumentException if an id occurs twice
	 */
	public PluginDifference difference(List<PluginSpec> next) {
		return PluginDifference.between(this.board.targets(), next);
	}

	/**
	 * Makes the plugins others: removed ones are stopped, dependents first; added ones
	 * are started after their dependencies; changed ones are swapped; unchanged ones are
	 * not touched. What the operator enabled or disabled by hand stays so until the
	 * plugin's own setting changes. Does not block. May be called again before it has
	 * completed: the later call decides. Refused before {@link #start}, which may come
	 * with others.
	 * @param next all plugins there are to be
	 * @return completes when all is done, with one result for each plugin, old or new
	 * @throws IllegalArgumentException if an id occurs twice
	 */
	public CompletableFuture<Map<PluginId, ActionResult>> apply(List<PluginSpec> next) {
		List<PluginSpec> plugins = PluginDifference.distinct(next);
		CompletableFuture<Map<PluginId, CompletableFuture<ActionResult>>> begun = new CompletableFuture<>();
		var unused = this.actions.submit(() -> {
			if (!this.started) {
				return CompletableFuture.completedFuture(ActionResult.refused("the plugins have not been started yet"));
			}
			Map<PluginId, CompletableFuture<ActionResult>> results = new LinkedHashMap<>();
			new Application(this.board, plugins).run()
				.forEach((id, result) -> results.put(id, this.actions.track(result)));
			begun.complete(results);
			return CompletableFuture.completedFuture(ActionResult.done("begun"));
		}).thenAccept((result) -> {
			Map<PluginId, CompletableFuture<ActionResult>> results = new LinkedHashMap<>();
			plugins.forEach((spec) -> results.put(spec.id(), CompletableFuture.completedFuture(result)));
			// Nothing if it has begun.
			begun.complete(results);
		});
		return begun.thenCompose(PluginHost::all);
	}

	private static CompletableFuture<Map<PluginId, ActionResult>> all(
			Map<PluginId, CompletableFuture<ActionResult>> results) {
		Collection<CompletableFuture<ActionResult>> values = results.values();
		return CompletableFuture.allOf(values.toArray(CompletableFuture<?>[]::new)).thenApply((done) -> {
			Map<PluginId, ActionResult> all = new LinkedHashMap<>();
			results.forEach((id, result) -> all.put(id, Objects.requireNonNull(result.join())));
			return Map.copyOf(all);
		});
	}

	/**
	 * Completes once each required plugin has been READY or FAILED, or waits for one that
	 * FAILED: the moment to open the public port. A plugin whose process is not the
	 * gateway's, which is tried for ever, counts as FAILED after its first failure. At
	 * once if no plugin is required; cancelled if the host is closed before. Dependents
	 * may run on a thread of the host and must not block.
	 * @return a copy that the caller may cancel
	 */
	public CompletableFuture<Void> settled() {
		return this.board.settlement().settled();
	}

	/**
	 * Whether each required plugin has been READY at least once since {@link #start}.
	 * Never becomes false again.
	 * @return false before the start
	 */
	public boolean requiredReady() {
		return this.board.settlement().requiredReady();
	}

	/** Closes within {@link #DEFAULT_CLOSE_LIMIT}. */
	@Override
	public void close() {
		close(DEFAULT_CLOSE_LIMIT);
	}

	/**
	 * Stops the plugins, whatever they are doing: those that depend on others before
	 * these, independent ones at the same time. Then closes the launcher, which kills
	 * what has not ended. Blocks. Nothing if called again. An interruption ends the
	 * waiting for the plugins only.
	 * @param limit the longest to wait for the plugins; the launcher's close comes on top
	 */
	public void close(Duration limit) {
		if (!this.control.close()) {
			return;
		}
		this.board.settlement().cancel();
		this.actions.close();
		boolean interrupted = await(this.board.retireAll("gateway stops"), limit);
		this.launcher.close();
		this.board.close();
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
