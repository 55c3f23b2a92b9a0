package org.hkpgateway.actuate;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.process.ProcessUsage;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/**
 * Shows how each plugin is at the moment, from when it becomes known:
 * {@code hkp.plugin.state}, {@code .enabled}, {@code .enforcing}, {@code .healthy},
 * {@code .generation}, {@code .restarts}, and what its process takes of the machine:
 * {@code hkp.plugin.process.memory}, {@code .cpu} and {@code .count}. What is not known
 * has no value. {@link GatewayMetrics} removes them with the plugin.
 * <p>
 * A process is looked at when somebody asks, but not more often than once a second, and
 * never on an event loop, which would have to wait.
 */
public final class PluginGauges implements StateListener {

	private static final long FRESH_NANOS = 1_000_000_000;

	private final MeterRegistry registry;

	private final Function<PluginId, PluginStatus> plugins;

	private final LongFunction<Optional<ProcessUsage>> processes;

	private final LongSupplier nanos;

	private final Map<PluginId, Sample> samples = new ConcurrentHashMap<>();

	/**
	 * Makes the gauges.
	 * @param registry where they go
	 * @param plugins knows the plugins; throws {@link IllegalArgumentException} for one
	 * that it does not know
	 */
	public PluginGauges(MeterRegistry registry, Function<PluginId, PluginStatus> plugins) {
		this(registry, plugins, ProcessUsage::of, System::nanoTime);
	}

	PluginGauges(MeterRegistry registry, Function<PluginId, PluginStatus> plugins,
			LongFunction<Optional<ProcessUsage>> processes, LongSupplier nanos) {
		this.registry = registry;
		this.plugins = plugins;
		this.processes = processes;
		this.nanos = nanos;
	}

	/**
	 * Shows how much is wrong with manifests, directories and settings, as
	 * {@code hkp.plugins.findings} by severity: a plugin that is kept out from the start
	 * has no meters of its own.
	 * @param registry where it goes
	 * @param findings what is wrong now
	 */
	public static void bindFindings(MeterRegistry registry, Supplier<List<Finding>> findings) {
		for (Finding.Severity severity : Finding.Severity.values()) {
			Gauge
				.builder("hkp.plugins.findings",
						() -> findings.get().stream().filter((finding) -> finding.severity() == severity).count())
				.description("What is wrong with manifests, directories and settings")
				.tag("severity", severity.name().toLowerCase(Locale.ROOT))
				.register(registry);
		}
	}

	@Override
	public void onAdded(PluginId plugin) {
		if (this.registry.find("hkp.plugin.enabled").tags(tags(plugin)).gauge() != null) {
			// It comes back before it has quite gone.
			return;
		}
		for (PluginState state : PluginState.values()) {
			Gauge.builder("hkp.plugin.state", () -> value(plugin, (status) -> (status.state() == state) ? 1 : 0))
				.description("1 for the state that the plugin is in")
				.tags(tags(plugin).and("state", state.name()))
				.register(this.registry);
		}
		gauge("hkp.plugin.enabled", "Whether the plugin is to run", plugin, (status) -> status.enabled() ? 1 : 0);
		gauge("hkp.plugin.enforcing", "Whether its decisions are done, and not only compared", plugin,
				(status) -> (status.mode() == PluginMode.ENFORCE) ? 1 : 0);
		gauge("hkp.plugin.healthy", "What it says of its health: 1 healthy, 0.5 degraded, 0 unhealthy", plugin,
				(status) -> health(status.health()));
		gauge("hkp.plugin.generation", "Which of its processes decides, counted from 1", plugin,
				(status) -> (double) status.generation());
		counter("hkp.plugin.restarts", "How often it was started again after a death", null, plugin,
				() -> value(plugin, (status) -> (double) status.restarts()));
		Gauge.builder("hkp.plugin.process.memory", () -> sample(plugin).memory())
			.description("Resident memory of its process and of those that this has started")
			.baseUnit("bytes")
			.tags(tags(plugin))
			.register(this.registry);
		counter("hkp.plugin.process.cpu", "Processor time of its processes", "seconds", plugin,
				() -> sample(plugin).cpuSeconds());
		Gauge.builder("hkp.plugin.process.count", () -> sample(plugin).count())
			.description("Its process and those that this has started")
			.tags(tags(plugin))
			.register(this.registry);
	}

	private void gauge(String name, String description, PluginId plugin, ToDoubleFunction<PluginStatus> value) {
		Gauge.builder(name, () -> value(plugin, value))
			.description(description)
			.tags(tags(plugin))
			.register(this.registry);
	}

	private void counter(String name, String description, @Nullable String unit, PluginId plugin,
			DoubleSupplier value) {
		FunctionCounter.builder(name, this, (self) -> {
			double now = value.getAsDouble();
			return Double.isNaN(now) ? 0 : now;
		}).description(description).baseUnit(unit).tags(tags(plugin)).register(this.registry);
	}

	private static Tags tags(PluginId plugin) {
		return Tags.of(GatewayMetrics.PLUGIN, plugin.name());
	}

	private double value(PluginId plugin, ToDoubleFunction<PluginStatus> value) {
		PluginStatus status = status(plugin);
		return (status != null) ? value.applyAsDouble(status) : Double.NaN;
	}

	private @Nullable PluginStatus status(PluginId plugin) {
		try {
			return this.plugins.apply(plugin);
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static double health(@Nullable HealthReport report) {
		if (report == null) {
			return Double.NaN;
		}
		return switch (report.status()) {
			case HEALTHY -> 1;
			case DEGRADED -> 0.5;
			case UNHEALTHY -> 0;
			case UNKNOWN -> Double.NaN;
		};
	}

	private Sample sample(PluginId plugin) {
		Sample last = this.samples.get(plugin);
		long now = this.nanos.getAsLong();
		if (Schedulers.isInNonBlockingThread() || (last != null && now - last.at() < FRESH_NANOS)) {
			return (last != null) ? last : Sample.NONE;
		}
		PluginStatus status = status(plugin);
		OptionalLong pid = (status != null) ? status.pid() : OptionalLong.empty();
		Optional<ProcessUsage> usage = pid.isPresent() ? this.processes.apply(pid.getAsLong()) : Optional.empty();
		Sample next = ((last != null) ? last : Sample.NONE).next(now, pid.orElse(0), usage.orElse(null));
		if (status != null) {
			this.samples.put(plugin, next);
		}
		return next;
	}

	@Override
	public void onTransition(Transition transition) {
		// Asked for when it is shown.
	}

	@Override
	public void onRemoved(PluginId plugin) {
		this.samples.remove(plugin);
	}

	/**
	 * What was seen last.
	 *
	 * @param at when
	 * @param pid of which process; 0 for none
	 * @param usage what it took; null if that is not known
	 * @param cpuSeconds of all processes of the plugin until then; never goes back,
	 * though one that ends may take its time with it
	 */
	private record Sample(long at, long pid, @Nullable ProcessUsage usage, double cpuSeconds) {

		static final Sample NONE = new Sample(0, 0, null, 0);

		Sample next(long now, long pid, @Nullable ProcessUsage usage) {
			if (usage == null) {
				return new Sample(now, pid, null, this.cpuSeconds);
			}
			double before = (this.pid == pid && this.usage != null) ? this.usage.cpuSeconds() : 0;
			return new Sample(now, pid, usage, this.cpuSeconds + Math.max(0, usage.cpuSeconds() - before));
		}

		double memory() {
			return (this.usage != null) ? (double) this.usage.residentBytes() : Double.NaN;
		}

		double count() {
			return (this.usage != null) ? this.usage.processes() : Double.NaN;
		}

	}

}
