package org.hkpgateway.grpc;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.grpc.RemoteEndpoint.Remaining;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to all endpoints of a plugin that runs elsewhere. Requests go to those that
 * are connected, initialized and answered the latest health check. Each health check also
 * looks the name up again, greets new endpoints, leaves those that are gone and tries
 * those that are broken.
 */
final class RemoteConnection implements PluginConnection {

	private static final Logger logger = LoggerFactory.getLogger(RemoteConnection.class);

	/**
	 * One for each endpoint and one for the name server: those that are silent must not
	 * keep others waiting until it is too late for them.
	 */
	private static final int MOST_THREADS = RemoteTarget.MOST_ENDPOINTS + 1;

	private static final int MAX_TEXT_BYTES = 2048;

	private final PluginSpec spec;

	private final Callable<Map<String, SocketAddress>> directory;

	private final RemoteEndpoint.Connector connector;

	private final String security;

	private final RemoteClient client;

	private final CompletableFuture<String> lost = new CompletableFuture<>();

	/** Visits endpoints side by side; its threads end when there is nothing to do. */
	private final ExecutorService visitors;

	/** By name. Replaced as a whole by the thread that supervises the plugin. */
	private volatile Map<String, RemoteEndpoint> endpoints = Map.of();

	private @Nullable Future<Map<String, SocketAddress>> lookup;

	private String instanceId = "";

	private volatile boolean closed;

	/**
	 * Nothing is connected yet.
	 * @param spec the plugin
	 * @param directory says where its endpoints are; may block
	 * @param connector connects to one of them
	 * @param security for the operator
	 */
	RemoteConnection(PluginSpec spec, Callable<Map<String, SocketAddress>> directory,
			RemoteEndpoint.Connector connector, String security) {
		this.spec = spec;
		this.directory = directory;
		this.connector = connector;
		this.security = security;
		this.client = new RemoteClient(spec.id());
		ThreadPoolExecutor pool = new ThreadPoolExecutor(MOST_THREADS, MOST_THREADS, 1, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(RemoteTarget.MOST_ENDPOINTS + 1),
				new DefaultThreadFactory("hkp-plugin-remote-" + spec.id(), true));
		pool.allowCoreThreadTimeOut(true);
		this.visitors = pool;
	}

	/**
	 * Looks the name up and connects. Blocks.
	 * @param timeout the longest to wait
	 * @throws PluginStartException if no endpoint can be connected to
	 */
	void connect(Duration timeout) {
		Remaining deadline = Remaining.of(timeout);
		String problem = lookUp(timeout);
		if (problem != null) {
			throw new PluginStartException(this.spec.id(), "cannot connect: " + problem);
		}
		Map<RemoteEndpoint, GrpcPluginConnection> connected = visit(timeout,
				(endpoint) -> endpoint.connect(deadline.left()));
		if (connected.isEmpty()) {
			throw new PluginStartException(this.spec.id(),
					"cannot connect: expected: at least one endpoint, got: " + problems(this.endpoints.values()));
		}
	}

	@Override
	public PluginIntroduction initialize(String instanceId, Duration timeout) {
		this.instanceId = instanceId;
		Remaining deadline = Remaining.of(timeout);
		Map<RemoteEndpoint, PluginIntroduction> introduced = visit(timeout,
				(endpoint) -> endpoint.initialize(instanceId, deadline));
		if (introduced.isEmpty()) {
			throw new PluginStartException(this.spec.id(),
					"Initialize: expected: at least one endpoint that succeeds, got: "
							+ problems(this.endpoints.values()));
		}
		use(introduced.keySet());
		return introduced.values().iterator().next();
	}

	@Override
	public HealthReport checkHealth(Duration timeout) {
		Remaining deadline = Remaining.of(timeout);
		// Half of the time, so that a slow name server does not make endpoints late.
		String problem = lookUp(timeout.dividedBy(2));
		Map<RemoteEndpoint, HealthReport> reports = visit(deadline.left(),
				(endpoint) -> endpoint.check(this.instanceId, deadline));
		if (reports.isEmpty()) {
			throw new PluginFailure.Unavailable(this.spec.id(), "HealthCheck: expected: an answer of at least one "
					+ "endpoint, got: " + problems(this.endpoints.values()));
		}
		use(reports.keySet());
		return RemoteHealth.combine(this.endpoints.values(), reports, problem);
	}

	/** Says what is wrong with the name, or null; then the endpoints stay as they are. */
	private @Nullable String lookUp(Duration timeout) {
		Future<Map<String, SocketAddress>> running = this.lookup;
		if (running == null) {
			// A look-up cannot be interrupted: one that hangs is waited for again later.
			running = this.visitors.submit(this.directory);
			this.lookup = running;
		}
		try {
			Map<String, SocketAddress> found = running.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
			this.lookup = null;
			reconcile(found);
			return null;
		}
		catch (TimeoutException ex) {
			return "expected: an answer of the name server within " + timeout.toMillis() + " ms, got: none";
		}
		catch (ExecutionException ex) {
			this.lookup = null;
			return "the address cannot be resolved: " + ex.getCause();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return "interrupted while the name was looked up";
		}
	}

	private void reconcile(Map<String, SocketAddress> found) {
		Map<String, RemoteEndpoint> next = new LinkedHashMap<>();
		found.forEach((name, address) -> {
			RemoteEndpoint known = this.endpoints.get(name);
			next.put(name,
					(known != null) ? known : new RemoteEndpoint(name, address, this.connector, this::connectionLost));
		});
		List<RemoteEndpoint> gone = new ArrayList<>(this.endpoints.values());
		gone.removeAll(next.values());
		this.endpoints = next;
		if (!gone.isEmpty()) {
			logger.info("plugin {}: endpoints gone: {}", this.spec.id(),
					gone.stream().map(RemoteEndpoint::name).collect(Collectors.joining(", ")));
			use(next.values());
			gone.forEach(RemoteEndpoint::leave);
		}
	}

	/** Does something with each endpoint; returns those with which it succeeded. */
	private <T> Map<RemoteEndpoint, T> visit(Duration timeout, Function<RemoteEndpoint, T> action) {
		List<RemoteEndpoint> all = List.copyOf(this.endpoints.values());
		Map<RemoteEndpoint, T> successes = new LinkedHashMap<>();
		try {
			List<Callable<T>> tasks = new ArrayList<>();
			all.forEach((endpoint) -> tasks.add(() -> action.apply(endpoint)));
			// The steps keep the deadline themselves and then say what was late.
			List<Future<T>> results = this.visitors.invokeAll(tasks, timeout.toMillis() + 500, TimeUnit.MILLISECONDS);
			for (int i = 0; i < all.size(); i++) {
				T result = result(results.get(i));
				if (result != null) {
					successes.put(all.get(i), result);
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new PluginFailure.Unavailable(this.spec.id(), "interrupted while its endpoints were visited");
		}
		return successes;
	}

	private <T> @Nullable T result(Future<T> future) throws InterruptedException {
		try {
			return future.get();
		}
		catch (ExecutionException | CancellationException ex) {
			// The endpoint remembers its problem.
			logger.debug("plugin {}: an endpoint failed", this.spec.id(), ex);
			return null;
		}
	}

	/** Lets requests go to these, as far as they are connected and initialized. */
	private void use(Collection<RemoteEndpoint> chosen) {
		List<EndpointClient> clients = new ArrayList<>();
		for (RemoteEndpoint endpoint : chosen) {
			GrpcPluginConnection connection = endpoint.connection();
			if (connection != null && endpoint.introduction() != null) {
				clients.add(connection.client());
			}
		}
		this.client.use(clients);
	}

	private void connectionLost(GrpcPluginConnection connection) {
		this.client.avoid(connection.client());
		Collection<RemoteEndpoint> all = this.endpoints.values();
		boolean left = all.stream().anyMatch((endpoint) -> endpoint.connection() != null);
		if (!left && !this.closed) {
			this.lost.complete("every endpoint is lost: " + problems(all));
		}
	}

	private static String problems(Collection<RemoteEndpoint> endpoints) {
		return BoundedText.oneLine(endpoints.stream()
			.map((endpoint) -> endpoint.name() + ": " + endpoint.problem())
			.collect(Collectors.joining("; ")), MAX_TEXT_BYTES);
	}

	/** Does nothing: the process is not the gateway's to end. */
	@Override
	public void shutdown(String reason, Duration grace) {
		logger.debug("plugin {}: not shut down, because it runs elsewhere", this.spec.id());
	}

	@Override
	public PluginClient client() {
		return this.client;
	}

	@Override
	public EventClient events() {
		return new RemoteEventClient(this.spec.id(), this::eventClients);
	}

	private List<GrpcEventClient> eventClients() {
		List<GrpcEventClient> clients = new ArrayList<>();
		for (RemoteEndpoint endpoint : this.endpoints.values()) {
			GrpcPluginConnection connection = endpoint.connection();
			if (connection != null && endpoint.introduction() != null) {
				clients.add(connection.events());
			}
		}
		return clients;
	}

	@Override
	public CompletableFuture<String> onLost() {
		return this.lost;
	}

	@Override
	public String security() {
		return this.security;
	}

	@Override
	public void close() {
		this.closed = true;
		this.visitors.shutdownNow();
		this.endpoints.values().forEach(RemoteEndpoint::close);
	}

}
