package org.hkpgateway.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * One health contributor for each plugin, a plugin that discovery kept out included. A
 * plugin that does not run is {@link #DEGRADED}: the gateway itself works, and the
 * plugin's fail policy answers. So is one that {@link ProofOfCall} reports. A disabled
 * one is as it should be.
 */
public class PluginsHealthContributor implements CompositeHealthContributor {

	/** Works, but not as configured. */
	public static final Status DEGRADED = new Status("DEGRADED");

	private final PluginHost host;

	private final Supplier<List<Finding>> findings;

	private final ProofOfCall calls;

	/**
	 * Makes the contributors.
	 * @param host the plugins
	 * @param findings what discovery has to say
	 * @param calls whether plugins are called at all
	 */
	public PluginsHealthContributor(PluginHost host, Supplier<List<Finding>> findings, ProofOfCall calls) {
		this.calls = calls;
		this.host = host;
		this.findings = findings;
	}

	@Override
	public @Nullable HealthContributor getContributor(String name) {
		return contributors().get(name);
	}

	@Override
	public Stream<HealthContributors.Entry> stream() {
		return contributors().entrySet().stream().map((entry) -> new Entry(entry.getKey(), entry.getValue()));
	}

	private Map<String, HealthContributor> contributors() {
		Map<String, List<String>> errors = new TreeMap<>();
		for (Finding finding : this.findings.get()) {
			PluginId plugin = finding.plugin();
			if (finding.severity() == Finding.Severity.ERROR && plugin != null) {
				errors.computeIfAbsent(plugin.name(), (name) -> new ArrayList<>()).add(finding.toString());
			}
		}
		Map<String, HealthContributor> contributors = new TreeMap<>();
		errors.forEach((name, all) -> contributors.put(name,
				(HealthIndicator) () -> Health.status(DEGRADED).withDetail("errors", all).build()));
		for (PluginStatus status : this.host.statuses()) {
			contributors.put(status.id().name(), (HealthIndicator) () -> health(status, this.calls));
		}
		return contributors;
	}

	static Health health(PluginStatus status, ProofOfCall calls) {
		if (!status.enabled()) {
			return Health.up().withDetail("state", status.state()).withDetail("enabled", false).build();
		}
		HealthReport report = status.health();
		boolean well = status.state() == PluginState.READY && (report == null
				|| report.status() == HealthReport.Status.HEALTHY || report.status() == HealthReport.Status.UNKNOWN);
		String unproven = calls.report(status.id());
		Health.Builder health = Health.status((well && unproven == null) ? Status.UP : DEGRADED)
			.withDetail("state", status.state())
			.withDetail("restarts", status.restarts());
		status.pid().ifPresent((pid) -> health.withDetail("pid", pid));
		if (!status.reason().isEmpty()) {
			health.withDetail("reason", status.reason());
		}
		String remark = calls.remark(status.id());
		if (unproven != null) {
			health.withDetail("notCalled", unproven);
		}
		else if (remark != null) {
			health.withDetail("remark", remark);
		}
		if (report != null) {
			health.withDetail("health", report.status()).withDetail("message", report.message());
		}
		return health.build();
	}

}
