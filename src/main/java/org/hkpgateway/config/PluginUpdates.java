package org.hkpgateway.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.hkpgateway.actuate.PluginModes;
import org.hkpgateway.actuate.PluginRescan;
import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.PluginDifference;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the running plugins in line with configuration and files: when the operator asks
 * for it, and, if so configured, when files change. Reads files on a thread of its own,
 * {@code hkp-plugin-updates}, one thing after the other.
 */
class PluginUpdates implements PluginRescan, PluginModes, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(PluginUpdates.class);

	private static final Duration LOOK_INTERVAL = Duration.ofSeconds(2);

	private final PluginCatalog catalog;

	private final ConfigurationReader reader;

	private final PluginHost host;

	private final ConfigEvents events;

	private final FileWatch watch;

	private final ScheduledThreadPoolExecutor executor;

	PluginUpdates(PluginCatalog catalog, ConfigurationReader reader, PluginHost host, ConfigEvents events) {
		this.catalog = catalog;
		this.reader = reader;
		this.host = host;
		this.events = events;
		this.watch = new FileWatch(() -> catalog.current().files());
		this.executor = new ScheduledThreadPoolExecutor(1, (task) -> {
			Thread thread = new Thread(task, "hkp-plugin-updates");
			thread.setDaemon(true);
			return thread;
		});
		if (catalog.current().configured().plugins().watch()) {
			long millis = LOOK_INTERVAL.toMillis();
			var unused = this.executor.scheduleWithFixedDelay(this::look, 0, millis, TimeUnit.MILLISECONDS);
		}
	}

	@Override
	public CompletableFuture<Report> rescan(boolean dryRun) {
		return CompletableFuture.completedFuture(dryRun).thenComposeAsync(this::begin, this.executor);
	}

	/** Applies what it publishes before anything else can be published. */
	private CompletableFuture<Report> begin(boolean dryRun) {
		PluginCatalog.Edition before = this.catalog.current();
		Map<PluginId, List<Object>> files = this.watch.fingerprints();
		PluginCatalog.Edition next;
		try {
			next = this.catalog.next(this.reader.read());
		}
		catch (RuntimeException ex) {
			throw new IllegalArgumentException(
					"the configuration is not valid, so nothing is changed: " + ConfigurationReader.describe(ex), ex);
		}
		PluginDifference difference = this.host.difference(next.specs());
		List<String> needRestart = ConfigurationReader.needRestart(before.configured(), next.configured());
		logger.info("Rescan{}: {}", dryRun ? " (dry run)" : "", difference);
		if (!needRestart.isEmpty()) {
			logger.warn("Rescan: changes of {} take effect only after a restart of the gateway", needRestart);
		}
		List<String> kept = next.kept().stream().map(PluginId::name).toList();
		if (dryRun) {
			return CompletableFuture
				.completedFuture(new Report(difference, kept, needRestart, Map.of(), next.findings()));
		}
		this.catalog.publish(next);
		// Swapped in now, so not once more by the watch, which would end their trial.
		this.watch.accept(difference.changed().keySet(), files);
		return this.host.apply(next.specs()).thenApply((results) -> {
			this.events.applied(difference, results);
			return new Report(difference, kept, needRestart, named(results), next.findings());
		});
	}

	@Override
	public CompletableFuture<ActionResult> change(PluginId id, PluginMode mode) {
		return CompletableFuture.completedFuture(mode)
			.thenComposeAsync((wanted) -> changeNow(id, wanted), this.executor);
	}

	/** What is published here stays in force until something else is read. */
	private CompletableFuture<ActionResult> changeNow(PluginId id, PluginMode mode) {
		PluginCatalog.Edition before = this.catalog.current();
		List<PluginSpec> specs = before.specs()
			.stream()
			.map((spec) -> spec.id().equals(id) ? spec.withMode(mode) : spec)
			.toList();
		PluginDifference difference = this.host.difference(specs);
		logger.info("Mode of {} by the operator: {}", id, difference);
		this.catalog.publish(this.catalog.adopting(before, specs));
		return this.host.apply(specs).thenApply((results) -> {
			this.events.applied(difference, results);
			ActionResult result = results.get(id);
			return (result != null) ? result
					: new ActionResult(ActionResult.Outcome.REFUSED, "it has been removed meanwhile");
		});
	}

	private static Map<String, ActionResult> named(Map<PluginId, ActionResult> results) {
		Map<String, ActionResult> named = new TreeMap<>();
		results.forEach((id, result) -> named.put(id.name(), result));
		return named;
	}

	/** Nothing may be thrown from here: it would end the watch. */
	private void look() {
		try {
			Set<PluginId> changed = this.watch.look();
			if (!changed.isEmpty()) {
				update(changed);
			}
		}
		catch (RuntimeException | Error ex) {
			logger.error("Changed plugin files could not be looked at", ex);
		}
	}

	/** Only what has changed; the configuration is not read again. */
	private void update(Set<PluginId> changed) {
		PluginCatalog.Edition before = this.catalog.current();
		PluginCatalog.Edition next = this.catalog.next(before.configured());
		Map<PluginId, PluginSpec> fresh = next.specs()
			.stream()
			.filter((spec) -> changed.contains(spec.id()) && !next.kept().contains(spec.id()))
			.collect(Collectors.toMap(PluginSpec::id, (spec) -> spec));
		List<PluginSpec> specs = new ArrayList<>();
		List<PluginId> sameSpec = new ArrayList<>();
		for (PluginSpec spec : before.specs()) {
			PluginSpec replacement = fresh.get(spec.id());
			specs.add((replacement != null) ? replacement : spec);
			if (spec.equals(replacement)) {
				sameSpec.add(spec.id());
			}
		}
		logger.info("Files of {} have changed", changed);
		PluginDifference difference = this.host.difference(specs);
		this.catalog.publish(this.catalog.adopting(next, specs));
		var unused = this.host.apply(specs).whenComplete((results, failure) -> {
			report(results, failure);
			if (failure == null) {
				this.events.applied(difference, results);
			}
		});
		sameSpec.forEach(this::reload);
	}

	private void reload(PluginId id) {
		var unused = this.host.reload(id, "its files have changed").whenComplete((result, failure) -> {
			report((failure == null) ? Map.of(id, result) : Map.of(), failure);
			if (failure == null) {
				this.events.reloaded(id, result);
			}
		});
	}

	private static void report(Map<PluginId, ActionResult> results, @Nullable Throwable failure) {
		if (failure != null) {
			logger.error("Changed plugin files could not be put in force", failure);
			return;
		}
		results.forEach((id, result) -> {
			switch (result.outcome()) {
				case UNCHANGED -> {
				}
				case DONE, WAITING -> logger.info("plugin {}: {}", id, result.reason());
				case FAILED, REFUSED ->
					logger.error("plugin {}: its changed files are not in force: {}", id, result.reason());
			}
		});
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

}
