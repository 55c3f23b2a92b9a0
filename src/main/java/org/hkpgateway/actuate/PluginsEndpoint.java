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
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.resilience.BreakerStatus;
import org.hkpgateway.resilience.GuardedPlugins;

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

	private final GuardedPlugins guards;

	private final Supplier<List<Finding>> findings;

	/**
	 * Makes the endpoint.
	 * @param host the plugins
	 * @param guards their breakers
	 * @param findings what discovery has to say
	 */
	public PluginsEndpoint(PluginHost host, GuardedPlugins guards, Supplier<List<Finding>> findings) {
		this.host = host;
		this.guards = guards;
		this.findings = findings;
	}

	/**
	 * Lists all plugins in chain order.
	 * @return plugins and findings
	 */
	@ReadOperation
	public Listing plugins() {
		return new Listing(this.host.statuses().stream().map(this::view).toList(),
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
			.map(this::view)
			.orElse(null);
	}

	/**
	 * Changes the set of plugins.
	 * @param action {@code rescan}: reads configuration and directories again and applies
	 * the difference
	 * @param dryRun true to show the difference only
	 * @return the difference and what came of it
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<Object>> change(String action, @Nullable Boolean dryRun) {
		if (!action.equals("rescan")) {
			throw new InvalidEndpointRequestException("expected: action rescan, got: " + action, "unknown action");
		}
		return within(this.rescan.rescan(Boolean.TRUE.equals(dryRun))).map(
				(report) -> new WebEndpointResponse<Object>(RescanView.of(report), WebEndpointResponse.STATUS_OK))
			.onErrorResume(IllegalArgumentException.class,
					(ex) -> Mono.just(new WebEndpointResponse<>(new Refusal(String.valueOf(ex.getMessage())),
							WebEndpointResponse.STATUS_BAD_REQUEST)));
	}

	/**
	 * Changes one plugin.
	 * @param name its name
	 * @param action {@code restart}, {@code reload} (a new process is checked and swapped
	 * in), {@code enable} or {@code disable}
	 * @return what came of it: 404 for an unknown name, 409 if it did not work
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<Object>> change(@Selector String name, String action) {
		Optional<PluginId> known = this.host.statuses()
			.stream()
			.map(PluginStatus::id)
			.filter((id) -> id.name().equals(name))
			.findFirst();
		if (known.isEmpty()) {
			return Mono.just(new WebEndpointResponse<>(
					new Refusal("expected: the name of a plugin, see /actuator/plugins, got: " + name),
					WebEndpointResponse.STATUS_NOT_FOUND));
		}
		return within(act(known.get(), action)).map((result) -> new WebEndpointResponse<Object>(result, status(result)));
	}

	private CompletableFuture<ActionResult> act(PluginId id, String action) {
		return switch (action) {
			case "restart" -> this.host.restart(id, OPERATOR);
			case "reload" -> this.host.reload(id, OPERATOR);
			case "enable" -> this.host.enable(id);
			case "disable" -> this.host.disable(id);
			default -> throw new InvalidEndpointRequestException(
					"expected: action restart, reload, enable or disable, got: " + action, "unknown action");
		};
	}

	/** What is under way goes on; only the answer comes without its end. */
	private static <T> Mono<T> within(CompletableFuture<T> change) {
		return Mono.fromFuture(change, true).timeout(LONGEST_WAIT);
	}

	private static int status(ActionResult result) {
		return switch (result.outcome()) {
			case DONE, UNCHANGED -> WebEndpointResponse.STATUS_OK;
			case WAITING -> 202;
			case FAILED, REFUSED -> 409;
		};
	}

	private PluginView view(PluginStatus status) {
		return new PluginView(status.id().name(), status.version(), status.state(), status.since(), status.reason(),
				status.pid().isPresent() ? status.pid().getAsLong() : null, status.generation(), status.restarts(),
				status.order(), status.required(), status.fail().name().toLowerCase(Locale.ROOT),
				labels(status.requested()), labels(status.granted()), status.reduced(),
				status.waitingFor().stream().map(PluginId::name).toList(),
				(status.health() != null) ? status.health().status().name() : null,
				(status.health() != null) ? status.health().message() : null,
				this.guards.status(status.id()).orElse(null), status.failures());
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
	 * @param breaker its circuit breaker; null before it was READY
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
