package org.hkpgateway.actuate;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.process.ProcessUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PluginGauges}.
 */
class PluginGaugesTests {

	private static final PluginId A = new PluginId("a");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final Map<PluginId, PluginStatus> plugins = new HashMap<>();

	private final Map<Long, ProcessUsage> processes = new HashMap<>();

	private final List<Long> looked = new ArrayList<>();

	private long now = -5;

	private final PluginGauges gauges = new PluginGauges(this.registry, this::plugin, this::usage, () -> this.now);

	private PluginStatus plugin(PluginId id) {
		PluginStatus status = this.plugins.get(id);
		if (status == null) {
			throw new IllegalArgumentException("unknown");
		}
		return status;
	}

	private Optional<ProcessUsage> usage(long pid) {
		this.looked.add(pid);
		return Optional.ofNullable(this.processes.get(pid));
	}

	/** A plugin that is kept out from the start has nothing else. */
	@Test
	void findingsAreCountedBySeverityAsTheyAreNow() {
		List<Finding> findings = new ArrayList<>(
				List.of(finding(Finding.Severity.ERROR), finding(Finding.Severity.ERROR)));
		PluginGauges.bindFindings(this.registry, () -> findings);
		assertThat(findings("error")).isEqualTo(2);
		assertThat(findings("warning")).isZero();
		findings.set(0, finding(Finding.Severity.WARNING));
		assertThat(findings("error")).isOne();
		assertThat(findings("warning")).isOne();
		assertThat(findings("notice")).isZero();
	}

	private static Finding finding(Finding.Severity severity) {
		return new Finding(severity, A, Path.of("plugin.toml"), 1, "expected: less, got: more");
	}

	private double findings(String severity) {
		return this.registry.get("hkp.plugins.findings").tag("severity", severity).gauge().value();
	}

	@Test
	void aPluginThatNeverMovedIsShown() {
		this.gauges.onAdded(A);
		assertThat(gauge("hkp.plugin.enabled")).isNaN();
		is(PluginState.STOPPED, OptionalLong.empty(), null);
		assertThat(gauge("hkp.plugin.enabled")).isEqualTo(1);
		assertThat(gauge("hkp.plugin.enforcing")).isEqualTo(1);
		assertThat(gauge("hkp.plugin.generation")).isEqualTo(7);
		assertThat(gauge("hkp.plugin.healthy")).isNaN();
		assertThat(gauge("hkp.plugin.process.memory")).isNaN();
		assertThat(counter("hkp.plugin.restarts")).isEqualTo(3);
		assertThat(state(PluginState.STOPPED)).isEqualTo(1);
		assertThat(state(PluginState.READY)).isZero();
	}

	@Test
	void stateAndHealthAreThoseOfTheMoment() {
		this.gauges.onAdded(A);
		is(PluginState.READY, OptionalLong.of(1), HealthReport.Status.HEALTHY);
		assertThat(state(PluginState.READY)).isEqualTo(1);
		assertThat(gauge("hkp.plugin.healthy")).isEqualTo(1);
		is(PluginState.FAILED, OptionalLong.empty(), HealthReport.Status.UNHEALTHY);
		assertThat(state(PluginState.READY)).isZero();
		assertThat(state(PluginState.FAILED)).isEqualTo(1);
		assertThat(gauge("hkp.plugin.healthy")).isZero();
	}

	@Test
	void processorTimeNeverGoesBack() {
		this.gauges.onAdded(A);
		is(PluginState.READY, OptionalLong.of(1), null);
		assertThat(cpuOf(1, 10)).isEqualTo(10);
		assertThat(cpuOf(1, 14)).isEqualTo(14);
		// A child has ended that nobody waited for.
		assertThat(cpuOf(1, 12)).isEqualTo(14);
		assertThat(cpuOf(1, 13)).isEqualTo(15);
		is(PluginState.BACKOFF, OptionalLong.empty(), null);
		later();
		assertThat(counter("hkp.plugin.process.cpu")).isEqualTo(15);
		assertThat(gauge("hkp.plugin.process.memory")).isNaN();
		is(PluginState.READY, OptionalLong.of(2), null);
		assertThat(cpuOf(2, 3)).isEqualTo(18);
	}

	@Test
	void aProcessIsLookedAtOnceASecondAtMost() {
		this.gauges.onAdded(A);
		is(PluginState.READY, OptionalLong.of(1), null);
		this.processes.put(1L, new ProcessUsage(2, 1000, 1));
		assertThat(gauge("hkp.plugin.process.memory")).isEqualTo(1000);
		this.processes.put(1L, new ProcessUsage(3, 3000, 1));
		assertThat(gauge("hkp.plugin.process.memory")).isEqualTo(1000);
		assertThat(gauge("hkp.plugin.process.count")).isEqualTo(2);
		assertThat(this.looked).hasSize(1);
		later();
		assertThat(gauge("hkp.plugin.process.memory")).isEqualTo(3000);
		assertThat(gauge("hkp.plugin.process.count")).isEqualTo(3);
		assertThat(this.looked).hasSize(2);
	}

	@Test
	void noProcessIsLookedAtWhereNothingMayBlock() throws Exception {
		this.gauges.onAdded(A);
		is(PluginState.READY, OptionalLong.of(1), null);
		this.processes.put(1L, new ProcessUsage(2, 1000, 1));
		var loop = Schedulers.newSingle("loop");
		try {
			assertThat(loop.schedule(() -> assertThat(gauge("hkp.plugin.process.memory")).isNaN())).isNotNull();
		}
		finally {
			loop.disposeGracefully().block();
		}
		assertThat(this.looked).isEmpty();
		assertThat(gauge("hkp.plugin.process.memory")).isEqualTo(1000);
	}

	@Test
	void whatIsShownGoesWithThePlugin() {
		this.gauges.onAdded(A);
		this.gauges.onAdded(A);
		this.gauges.onAdded(new PluginId("b"));
		int both = this.registry.getMeters().size();
		new GatewayMetrics(this.registry).onRemoved(A);
		this.gauges.onRemoved(A);
		assertThat(this.registry.getMeters()).hasSize(both / 2)
			.allMatch((meter) -> "b".equals(meter.getId().getTag("plugin")));
	}

	private double cpuOf(long pid, double seconds) {
		later();
		this.processes.put(pid, new ProcessUsage(1, 1, seconds));
		return counter("hkp.plugin.process.cpu");
	}

	private void later() {
		this.now += TimeUnit.SECONDS.toNanos(1);
	}

	private double gauge(String name) {
		return this.registry.get(name).tag("plugin", "a").gauge().value();
	}

	private double counter(String name) {
		return this.registry.get(name).tag("plugin", "a").functionCounter().count();
	}

	private double state(PluginState state) {
		return this.registry.get("hkp.plugin.state").tags("plugin", "a", "state", state.name()).gauge().value();
	}

	private void is(PluginState state, OptionalLong pid, HealthReport.@Nullable Status health) {
		PluginSpec spec = TestSpec.named("a").build();
		this.plugins.put(A,
				new PluginStatus(A, "1", "here", true, state, Instant.EPOCH, "", pid, 3, 7, List.of(),
						(health != null) ? new HealthReport(health, "", Map.of()) : null, List.of(), 1, spec.mode(),
						false, spec.match(), false, spec.fail(), spec.requested(), spec.granted(), null, null, null,
						null, null, null, null));
	}

}
