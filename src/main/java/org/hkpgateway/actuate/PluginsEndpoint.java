package org.hkpgateway.actuate;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * {@code /actuator/plugins}: every plugin and what discovery found wrong. Shows neither
 * configuration nor environment, which may hold secrets. Does not block.
 */
@Endpoint(id = "plugins")
public class PluginsEndpoint {

	private final PluginHost host;

	private final Supplier<List<Finding>> findings;

	/**
	 * Makes the endpoint.
	 * @param host the plugins
	 * @param findings what discovery has to say
	 */
	public PluginsEndpoint(PluginHost host, Supplier<List<Finding>> findings) {
		this.host = host;
		this.findings = findings;
	}

	/**
	 * Lists all plugins in chain order.
	 * @return plugins and findings
	 */
	@ReadOperation
	public Listing plugins() {
		return new Listing(this.host.statuses().stream().map(PluginsEndpoint::view).toList(),
				this.findings.get().stream().map(FindingView::of).toList());
	}

	/**
	 * Shows one plugin.
	 * @param name its name
	 * @return null, answered as 404, if there is none
	 */
	@ReadOperation
	public @Nullable PluginView plugin(@Selector String name) {
		return this.host.statuses()
			.stream()
			.filter((status) -> status.id().name().equals(name))
			.findFirst()
			.map(PluginsEndpoint::view)
			.orElse(null);
	}

	private static PluginView view(PluginStatus status) {
		return new PluginView(status.id().name(), status.version(), status.state(), status.since(), status.reason(),
				status.pid().isPresent() ? status.pid().getAsLong() : null, status.generation(), status.restarts(),
				status.order(), status.required(), status.fail().name().toLowerCase(Locale.ROOT),
				labels(status.requested()), labels(status.granted()), status.reduced(),
				status.waitingFor().stream().map(PluginId::name).toList(),
				(status.health() != null) ? status.health().status().name() : null,
				(status.health() != null) ? status.health().message() : null, status.breaker(), status.failures());
	}

	private static List<String> labels(Collection<Capability> capabilities) {
		return capabilities.stream().map(Capability::label).sorted().toList();
	}

	/**
	 * The answer of the list.
	 *
	 * @param plugins in chain order
	 * @param findings what is wrong with manifests and directories
	 */
	public record Listing(List<PluginView> plugins, List<FindingView> findings) {
	}

	/**
	 * One plugin.
	 *
	 * @param name its name
	 * @param version as its manifest says
	 * @param state where it is in its life
	 * @param since when it got there
	 * @param reason why
	 * @param pid its process; null while there is none
	 * @param generation which incarnation this is
	 * @param restarts how often it was started again after a death
	 * @param order place in the chain
	 * @param required whether readiness waits for it
	 * @param fail what its failure means
	 * @param requested capabilities its manifest asked for
	 * @param granted capabilities in force
	 * @param reduced whether it got less than it asked for
	 * @param waitingFor dependencies that keep it from starting
	 * @param health its own word; null before it was asked
	 * @param healthMessage its own sentence
	 * @param breaker its circuit breaker; null while no process is connected
	 * @param failures its latest deaths, oldest first
	 */
	public record PluginView(String name, String version, PluginState state, Instant since, String reason,
			@Nullable Long pid, long generation, long restarts, int order, boolean required, String fail,
			List<String> requested, List<String> granted, boolean reduced, List<String> waitingFor,
			@Nullable String health, @Nullable String healthMessage, @Nullable BreakerStatus breaker,
			List<PluginStatus.Failure> failures) {
	}

	/**
	 * One finding.
	 *
	 * @param severity error, warning or notice
	 * @param plugin the plugin's name, null where it is not known
	 * @param file the manifest or directory
	 * @param line null if no line is to blame
	 * @param message what was expected, what was found and what to do
	 */
	public record FindingView(String severity, @Nullable String plugin, String file, @Nullable Integer line,
			String message) {

		static FindingView of(Finding finding) {
			PluginId plugin = finding.plugin();
			return new FindingView(finding.severity().name().toLowerCase(Locale.ROOT),
					(plugin != null) ? plugin.name() : null, finding.file().toString(),
					(finding.line() > 0) ? finding.line() : null, finding.message());
		}

	}

}
