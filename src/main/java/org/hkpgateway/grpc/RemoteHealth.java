package org.hkpgateway.grpc;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

import org.hkpgateway.plugin.HealthReport;
import org.jspecify.annotations.Nullable;

/**
 * Makes one report of those of several endpoints.
 */
final class RemoteHealth {

	private RemoteHealth() {
	}

	/**
	 * Combines reports.
	 * @param endpoints all of them
	 * @param reports of those that answered, at least one
	 * @param lookup what is wrong with the name; null if nothing
	 * @return the only report if there is one endpoint and nothing is wrong; else the
	 * worst status, at best DEGRADED if an endpoint is down, with a detail for each
	 */
	static HealthReport combine(Collection<RemoteEndpoint> endpoints, Map<RemoteEndpoint, HealthReport> reports,
			@Nullable String lookup) {
		if (endpoints.size() == 1 && lookup == null) {
			return reports.values().iterator().next();
		}
		boolean down = reports.size() < endpoints.size();
		HealthReport.Status worst = down ? HealthReport.Status.DEGRADED : HealthReport.Status.HEALTHY;
		Map<String, String> details = new LinkedHashMap<>();
		for (RemoteEndpoint endpoint : endpoints) {
			HealthReport report = reports.get(endpoint);
			details.put(endpoint.name(), (report != null) ? text(report) : "down: " + endpoint.problem());
			worst = (report != null) ? worse(worst, report.status()) : worst;
		}
		if (lookup != null) {
			details.put("address", lookup);
		}
		return new HealthReport(worst, reports.size() + " of " + endpoints.size() + " endpoints answer", details);
	}

	private static String text(HealthReport report) {
		return report.message().isEmpty() ? report.status().name() : report.status() + ": " + report.message();
	}

	private static HealthReport.Status worse(HealthReport.Status one, HealthReport.Status other) {
		return (severity(one) >= severity(other)) ? one : other;
	}

	private static int severity(HealthReport.Status status) {
		return switch (status) {
			case HEALTHY -> 0;
			case UNKNOWN -> 1;
			case DEGRADED -> 2;
			case UNHEALTHY -> 3;
		};
	}

}
