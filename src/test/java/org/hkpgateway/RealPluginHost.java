package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

import org.hkpgateway.chain.ChainResult;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventListener;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.GrpcConnector;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.host.HostCalls;
import org.hkpgateway.host.HostInformation;
import org.hkpgateway.host.HostServers;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.lifecycle.ActionResult;
import org.hkpgateway.lifecycle.EventLinks;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.LoggingStateListener;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.lifecycle.RestartLimits;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.resilience.GuardedPlugins;
import reactor.core.publisher.Mono;

/**
 * A host for real plugin processes in this JVM, put together as the gateway does it:
 * launcher, connector, guards, host service, chain. Times are short.
 */
final class RealPluginHost implements AutoCloseable {

	static final Duration CONNECT = Duration.ofSeconds(10);

	static final Duration SHUTDOWN = Duration.ofSeconds(1);

	static final Duration TERMINATE = Duration.ofSeconds(1);

	/** Of a lookup. */
	static final String PATH = "/pks/lookup";

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final Duration CHAIN_BUDGET = Duration.ofSeconds(30);

	/** What plugins print, as {@code name: LEVEL message}. */
	final ConcurrentLinkedQueue<String> output = new ConcurrentLinkedQueue<>();

	/** Calls that the host service refused, as {@code name reason}. */
	final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();

	/** What happens, and what plugins emit. */
	final EventBus bus = new EventBus();

	private final GrpcConnector connector = new GrpcConnector(new Gateway("1.2.3", CHAIN_BUDGET));

	private final HostServers servers;

	private final PluginHost host;

	private final PluginChain chain;

	/** A late answer must not meet a later request. */
	private final AtomicInteger requests = new AtomicInteger();

	/**
	 * Makes a host without plugins.
	 * @param settings see {@link #settings}
	 */
	RealPluginHost(LifecycleSettings settings) {
		this.servers = HostCalls.servers(new HostInformation("1.2.3", CHAIN_BUDGET, List::of), this.bus,
				(plugin, refusal) -> this.refusals.add(plugin + " " + refusal.label()));
		LaunchOptions options = new LaunchOptions(null, LaunchOptions.defaults().environment(),
				(plugin, level, message, fields) -> this.output.add(plugin + ": " + level + " " + message), true)
			.withHostAccess(this.servers);
		this.host = new PluginHost(new LocalPluginLauncher(options), this.connector,
				new GuardedPlugins(CHAIN_BUDGET, CHAIN_BUDGET), settings, List.of(new LoggingStateListener()),
				BreakerListener.NONE, EventLinks.to(new PluginEvents(this.bus, EventListener.NONE)));
		this.chain = new PluginChain(this.host, CHAIN_BUDGET, CHAIN_BUDGET, (id, outcome) -> {
		}, System::nanoTime);
	}

	/**
	 * Short times.
	 * @param start the longest start
	 * @param initialize the longest Initialize
	 * @param health time between health checks, and the longest one; two that are missed
	 * are too many
	 * @param earlyDeaths so many mean FAILED
	 */
	static LifecycleSettings settings(Duration start, Duration initialize, Duration health, int earlyDeaths) {
		return settings(start, (start.compareTo(CONNECT) < 0) ? start : CONNECT, initialize, health, earlyDeaths);
	}

	/** The same, with the longest connect. */
	static LifecycleSettings settings(Duration start, Duration connect, Duration initialize, Duration health,
			int earlyDeaths) {
		return new LifecycleSettings(start, connect, initialize, health, health, 2, Duration.ofSeconds(1), SHUTDOWN,
				Duration.ofMillis(300), TERMINATE, Duration.ofSeconds(1), Duration.ofSeconds(10),
				new RestartLimits(Duration.ofMillis(100), Duration.ofSeconds(1), 0, Duration.ofSeconds(30), earlyDeaths,
						Duration.ofMinutes(5), Duration.ofMinutes(5), Duration.ofMinutes(5)));
	}

	/** Starts plugins and waits until each that is required is READY or FAILED. */
	void start(List<PluginSpec> plugins) throws Exception {
		this.host.start(plugins);
		this.host.settled().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
	}

	PluginStatus status(String plugin) {
		return this.host.status(new PluginId(plugin));
	}

	PluginStatus await(String plugin, PluginState state) {
		await(plugin + " " + state, () -> status(plugin).state() == state);
		return status(plugin);
	}

	/** Waits for a process other than this one, and for it to decide. */
	PluginStatus awaitOther(String plugin, long pid) {
		await("another process of " + plugin, () -> {
			PluginStatus status = status(plugin);
			return status.state() == PluginState.READY && status.pid().orElse(pid) != pid;
		});
		return status(plugin);
	}

	void await(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + PATIENCE.toNanos();
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() > end) {
				throw new AssertionError("expected: " + what + " within " + PATIENCE + ", got: " + this.host.statuses()
						+ "\n" + String.join("\n", this.output));
			}
			pause();
		}
	}

	static void pause() {
		try {
			TimeUnit.MILLISECONDS.sleep(10);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** Stops a plugin and waits until it is STOPPED. */
	ActionResult stop(String plugin) throws Exception {
		return this.host.disable(new PluginId(plugin)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
	}

	/** What comes of a client's lookup. */
	Mono<ChainResult> lookup() {
		return lookup(PATH);
	}

	private Mono<ChainResult> lookup(String path) {
		String target = "/pks/lookup?op=get&search=0xA1B2C3D4";
		HkpRequest hkp = new HkpRequest(Operation.LOOKUP_GET, "0xA1B2C3D4", null, "A1B2C3D4", List.of(), false, false,
				false);
		return this.chain
			.start(new RequestEvent("r-" + this.requests.incrementAndGet(),
					new RequestHead("GET", target, Headers.of("Host", "keys.example")), path,
					Map.of("op", "get", "search", "0xA1B2C3D4"), hkp,
					new InetSocketAddress(InetAddress.getLoopbackAddress(), 4711), false, RequestBody.ABSENT, Map.of()))
			.decide(RequestBody.ABSENT);
	}

	ChainResult ask() {
		return ask(PATH);
	}

	/** The same of a lookup whose path the plugins are told otherwise. */
	ChainResult ask(String path) {
		ChainResult result = lookup(path).block(PATIENCE);
		if (result == null) {
			throw new AssertionError("expected: a result, got: none");
		}
		return result;
	}

	/** The directories of the launches that have not been tidied up. */
	List<Path> launchDirectories() {
		try (var runtimes = Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), "hkp-*")) {
			Path runtime = runtimes.iterator().next();
			try (var all = Files.list(runtime)) {
				return all.filter(Files::isDirectory)
					.filter((path) -> !path.endsWith("data") && !path.toString().endsWith(".h"))
					.toList();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		this.host.close();
		this.connector.close();
		this.servers.close();
		this.bus.close();
	}

}
