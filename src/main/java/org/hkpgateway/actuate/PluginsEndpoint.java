package org.hkpgateway.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.PluginDifference;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.manifest.Finding;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.state.StateException;
import org.hkpgateway.state.StateKey;
import org.hkpgateway.state.StateStore;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * {@code /actuator/plugins}: every plugin, what discovery found wrong, and what an
 * operator can do about it. Shows neither configuration nor environment, which may hold
 * secrets. Does not block.
 */
@Endpoint(id = "plugins")
public class PluginsEndpoint {

	private static final String OPERATOR = "by the operator";

	/** A new process may take 60 s to start, and what depends on it as long again. */
	private static final Duration LONGEST_WAIT = Duration.ofSeconds(130);

	private static final int MOST_ENTRIES = 1000;

	private static final int ACCEPTED = 202;

	private static final int CONFLICT = 409;

	private final PluginHost host;

	private final PluginRescan rescan;

	private final PluginModes modes;

	private final Supplier<List<Finding>> findings;

	private final StateStore state;

	private final ProofOfCall calls;

	/**
	 * Makes the endpoint.
	 * @param host the plugins
	 * @param rescan looks at configuration and directories again
	 * @param modes changes the modes of plugins
	 * @param findings what discovery has to say
	 * @param state what plugins keep with the gateway
	 * @param calls whether plugins are called at all
	 */
	public PluginsEndpoint(PluginHost host, PluginRescan rescan, PluginModes modes, Supplier<List<Finding>> findings,
			StateStore state, ProofOfCall calls) {
		this.host = host;
		this.rescan = rescan;
		this.modes = modes;
		this.findings = findings;
		this.state = state;
		this.calls = calls;
	}

	/**
	 * Lists all plugins in chain order.
	 * @return plugins and findings
	 */
	@ReadOperation
	public Listing plugins() {
		return new Listing(this.host.statuses().stream().map(this::view).toList(), findings());
	}

	/**
	 * Shows one plugin.
	 * @param name its name
	 * @return null, answered as 404, if there is none
	 */
	@ReadOperation
	public @Nullable PluginView plugin(@Selector String name) {
		return find(name).map(this::view).orElse(null);
	}

	private PluginView view(PluginStatus status) {
		return PluginView.of(status, this.calls);
	}

	/**
	 * Shows what a plugin keeps with the gateway: the first {@value #MOST_ENTRIES} by
	 * name.
	 * @param name its name; of one that is not there any more, too
	 * @param part {@code state}; anything else is 404
	 * @return its values, counters and buckets
	 */
	@ReadOperation
	public Mono<WebEndpointResponse<?>> state(@Selector String name, @Selector String part) {
		return ofState(name, part, (id) -> this.state.overview(id, MOST_ENTRIES)
			.map(StateView::of)
			// In memory many keys are sorted, on whatever thread asks.
			.subscribeOn(Schedulers.boundedElastic()));
	}

	/**
	 * Removes value, counter and bucket of a key: lifts a ban.
	 * @param name the plugin's name
	 * @param part {@code state}; anything else is 404
	 * @param key which
	 * @return how many there were
	 */
	@DeleteOperation
	public Mono<WebEndpointResponse<?>> deleteState(@Selector String name, @Selector String part, String key) {
		return audited("delete-state", name, key, ofState(name, part,
				(id) -> this.state.delete(new StateKey(id, key)).map((count) -> Map.of("deleted", count))));
	}

	private Mono<WebEndpointResponse<?>> ofState(String name, String part, Function<PluginId, Mono<?>> work) {
		if (!part.equals("state")) {
			return refusal("expected: state, got: " + part, WebEndpointResponse.STATUS_NOT_FOUND);
		}
		return Mono.defer(() -> work.apply(new PluginId(name)))
			.<WebEndpointResponse<?>>map(WebEndpointResponse::new)
			.onErrorResume(IllegalArgumentException.class,
					(ex) -> refusal(String.valueOf(ex.getMessage()), WebEndpointResponse.STATUS_BAD_REQUEST))
			// Of what operators can do only that the store is away.
			.onErrorResume(StateException.class,
					(ex) -> refusal(String.valueOf(ex.getMessage()), WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE));
	}

	/**
	 * Changes the set of plugins.
	 * @param action {@code rescan}: reads configuration and directories again and applies
	 * the difference
	 * @param dryRun true to show the difference only
	 * @return the difference and what came of it; 400 for an unknown action, and if the
	 * configuration is not valid
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<?>> change(String action, @Nullable Boolean dryRun) {
		boolean dry = Boolean.TRUE.equals(dryRun);
		return audited(dry ? action + " (dry run)" : action, "", "", changeAll(action, dry));
	}

	private Mono<WebEndpointResponse<?>> changeAll(String action, boolean dryRun) {
		if (!action.equals("rescan")) {
			return refusal("expected: action rescan, got: " + action, WebEndpointResponse.STATUS_BAD_REQUEST);
		}
		return within(this.rescan.rescan(dryRun))
			.<WebEndpointResponse<?>>map((report) -> new WebEndpointResponse<>(Rescan.of(report)))
			.onErrorResume(IllegalArgumentException.class,
					(ex) -> refusal(String.valueOf(ex.getMessage()), WebEndpointResponse.STATUS_BAD_REQUEST))
			.onErrorResume(TimeoutException.class, (ex) -> unfinished());
	}

	/**
	 * Changes one plugin.
	 * @param name its name
	 * @param action {@code restart}, {@code reload} (a new process is checked and swapped
	 * in), {@code enable} or {@code disable}; {@code shadow} or {@code enforce} (a swap,
	 * too)
	 * @return what came of it; 400 for an unknown action, 404 for an unknown name, 409 if
	 * it was not done
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<?>> change(@Selector String name, String action) {
		return audited(action, name, "", changeOne(name, action));
	}

	private Mono<WebEndpointResponse<?>> changeOne(String name, String action) {
		Optional<PluginStatus> known = find(name);
		if (known.isEmpty()) {
			return refusal("expected: the name of a plugin, see /actuator/plugins, got: " + name,
					WebEndpointResponse.STATUS_NOT_FOUND);
		}
		CompletableFuture<ActionResult> begun = act(known.get().id(), action);
		if (begun == null) {
			return refusal("expected: action restart, reload, enable, disable, shadow or enforce, got: " + action,
					WebEndpointResponse.STATUS_BAD_REQUEST);
		}
		return within(begun).<WebEndpointResponse<?>>map((result) -> new WebEndpointResponse<>(result, status(result)))
			.onErrorResume(TimeoutException.class, (ex) -> unfinished());
	}

	private static Mono<WebEndpointResponse<?>> audited(String action, String plugin, String key,
			Mono<WebEndpointResponse<?>> work) {
		return Mono.deferContextual((context) -> {
			AuditEntry entry = AuditEntry.of(context);
			entry.wants(action, plugin, key);
			return work.doOnNext((response) -> entry.came(outcome(response.getBody())));
		});
	}

	/** In words; empty where the status says it all. */
	private static String outcome(@Nullable Object body) {
		if (body instanceof ActionResult result) {
			return lower(result);
		}
		if (body instanceof Rescan rescan) {
			return rescan.results()
				.entrySet()
				.stream()
				.map((one) -> one.getKey() + " " + lower(one.getValue()))
				.collect(Collectors.joining(", "));
		}
		return (body instanceof Map<?, ?> map && map.containsKey("deleted")) ? "deleted " + map.get("deleted") : "";
	}

	private static String lower(ActionResult result) {
		return result.outcome().name().toLowerCase(Locale.ROOT);
	}

	private @Nullable CompletableFuture<ActionResult> act(PluginId id, String action) {
		return switch (action) {
			case "restart" -> this.host.restart(id, OPERATOR);
			case "reload" -> this.host.reload(id, OPERATOR);
			case "enable" -> this.host.enable(id);
			case "disable" -> this.host.disable(id);
			case "shadow" -> this.modes.change(id, PluginMode.SHADOW);
			case "enforce" -> this.modes.change(id, PluginMode.ENFORCE);
			default -> null;
		};
	}

	/** What is under way goes on when nobody waits for it any longer. */
	private static <T> Mono<T> within(CompletableFuture<T> change) {
		return Mono.fromFuture(change, true).timeout(LONGEST_WAIT);
	}

	private static Mono<WebEndpointResponse<?>> unfinished() {
		return refusal("not finished within " + LONGEST_WAIT.toSeconds() + " s, goes on; see /actuator/plugins",
				ACCEPTED);
	}

	private static Mono<WebEndpointResponse<?>> refusal(String message, int status) {
		return Mono.just(new WebEndpointResponse<>(Map.of("message", message), status));
	}

	private static int status(ActionResult result) {
		return switch (result.outcome()) {
			case DONE, UNCHANGED -> WebEndpointResponse.STATUS_OK;
			case WAITING -> ACCEPTED;
			case FAILED, REFUSED -> CONFLICT;
		};
	}

	private Optional<PluginStatus> find(String name) {
		return this.host.statuses().stream().filter((status) -> status.id().name().equals(name)).findFirst();
	}

	private List<FindingView> findings() {
		return FindingView.of(this.findings.get());
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
	 * The answer of a rescan.
	 *
	 * @param added plugins that are new
	 * @param removed plugins that are gone
	 * @param changed what changes, by plugin
	 * @param unchanged plugins that are not touched
	 * @param keptOut plugins that stay as they are, because what was found in their place
	 * is faulty
	 * @param needRestart keys whose change only a restart of the gateway applies
	 * @param results what came of it, by plugin; empty for a dry run
	 * @param findings what is wrong with manifests and directories
	 */
	public record Rescan(List<String> added, List<String> removed, Map<String, List<String>> changed,
			List<String> unchanged, List<String> keptOut, List<String> needRestart, Map<String, ActionResult> results,
			List<FindingView> findings) {

		static Rescan of(PluginRescan.Report report) {
			PluginDifference difference = report.difference();
			Map<String, List<String>> changed = new TreeMap<>();
			difference.changed().forEach((id, what) -> changed.put(id.name(), what));
			return new Rescan(names(difference.added()), names(difference.removed()), changed,
					names(difference.unchanged()), report.keptOut(), report.needRestart(), report.results(),
					FindingView.of(report.findings()));
		}

		private static List<String> names(List<PluginId> ids) {
			return ids.stream().map(PluginId::name).toList();
		}

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

		static List<FindingView> of(List<Finding> findings) {
			return findings.stream().map(FindingView::of).toList();
		}

		static FindingView of(Finding finding) {
			PluginId plugin = finding.plugin();
			return new FindingView(finding.severity().name().toLowerCase(Locale.ROOT),
					(plugin != null) ? plugin.name() : null, finding.file().toString(),
					(finding.line() > 0) ? finding.line() : null, finding.message());
		}

	}

	/**
	 * What a plugin keeps with the gateway.
	 *
	 * @param keys how many there are
	 * @param bytes of their names and contents together
	 * @param entries the first of them, by name
	 */
	public record StateView(long keys, long bytes, List<EntryView> entries) {

		static StateView of(StateStore.Overview overview) {
			return new StateView(overview.keys(), overview.bytes(),
					overview.entries().stream().map(EntryView::of).toList());
		}

	}

	/**
	 * A value, a counter or a bucket.
	 *
	 * @param key its key
	 * @param kind value, counter or bucket
	 * @param content the beginning of a value, or a counter's sum
	 * @param bytes how much it takes of the plugin's quota
	 * @param remainingSeconds until it expires; null: it never does
	 */
	public record EntryView(String key, String kind, String content, long bytes, @Nullable Long remainingSeconds) {

		static EntryView of(StateStore.Entry entry) {
			return new EntryView(entry.name(), entry.kind().name().toLowerCase(Locale.ROOT), entry.content(),
					entry.bytes(), entry.remaining().isZero() ? null : entry.remaining().plusMillis(999).toSeconds());
		}

	}

}
