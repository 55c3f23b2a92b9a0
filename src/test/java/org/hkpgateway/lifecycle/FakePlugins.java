package org.hkpgateway.lifecycle;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.process.PluginLauncher;
import org.hkpgateway.process.PluginProcess;
import reactor.core.publisher.Mono;

/**
 * Launcher, connector and decorator of fake plugins, with a log of what was done to them.
 */
final class FakePlugins implements PluginLauncher, PluginConnection.Connector, PluginClient.Decorator {

	final List<String> log = new CopyOnWriteArrayList<>();

	volatile Runnable onClose = () -> {
	};

	private final Map<PluginId, FakePlugin> plugins = new ConcurrentHashMap<>();

	private final AtomicLong pids = new AtomicLong(100);

	/** What ties processes to the event bus. */
	EventLinks links = EventLinks.NONE;

	FakePlugin plugin(String name) {
		return plugin(new PluginId(name));
	}

	private FakePlugin plugin(PluginId id) {
		return this.plugins.computeIfAbsent(id, (key) -> new FakePlugin());
	}

	Tools tools(LifecycleSettings settings) {
		return new Tools(this, this, this, settings, (spec, client) -> this.links.open(spec, client));
	}

	long running() {
		return this.plugins.values().stream().mapToLong(FakePlugin::running).sum();
	}

	@Override
	public PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
		this.log.add(spec.id() + " launch " + timeout.toSeconds());
		plugin(spec.id()).onLaunch.run();
		FakeProcess process = new FakeProcess(this.pids.incrementAndGet());
		plugin(spec.id()).add(process);
		return process;
	}

	@Override
	public PluginConnection.Offer offer(PluginSpec spec) {
		return new Offer(spec);
	}

	@Override
	public PluginClient.Guarded decorate(PluginSpec spec, PluginClient client, BreakerListener listener) {
		plugin(spec.id()).onDecorate.run();
		FakeGuard guard = new FakeGuard(spec.id(), client, listener);
		plugin(spec.id()).guard(guard);
		return guard;
	}

	@Override
	public void close() {
		this.log.add("launcher close");
		this.plugins.values()
			.stream()
			.flatMap((plugin) -> plugin.processes().stream())
			.forEach((process) -> process.exit(137));
	}

	static PluginSpec spec(String name) {
		return spec(name, 100, false);
	}

	static PluginSpec spec(String name, int order, boolean required, String... dependencies) {
		return spec(name, order, required, Set.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND), dependencies);
	}

	static PluginSpec spec(String name, int order, boolean required, Set<Capability> granted, String... dependencies) {
		return TestSpec.named(name)
			.order(order)
			.required(required)
			.granted(granted.toArray(Capability[]::new))
			.dependencies(dependencies)
			.build();
	}

	private final class Offer implements PluginConnection.Offer {

		private final PluginSpec spec;

		Offer(PluginSpec spec) {
			this.spec = spec;
		}

		@Override
		public Map<String, String> environment() {
			return Map.of();
		}

		@Override
		public boolean certificateExpected() {
			return false;
		}

		@Override
		public PluginConnection connect(PluginEndpoint endpoint, X509Certificate certificate, Duration timeout) {
			FakePlugins.this.log.add(this.spec.id() + " connect " + timeout.toSeconds());
			plugin(this.spec.id()).onConnect.run();
			return new Connection(this.spec.id());
		}

	}

	private final class Connection implements PluginConnection {

		private final PluginId id;

		private final CompletableFuture<String> lost;

		/** So that a test can tell apart who decides. */
		private final Mono<Decision> answer;

		Connection(PluginId id) {
			this.id = id;
			this.lost = plugin(id).connect();
			this.answer = plugin(id).ownAnswer.get();
		}

		@Override
		public PluginIntroduction initialize(String instanceId, Duration timeout) {
			FakePlugins.this.log.add(this.id + " initialize " + timeout.toSeconds());
			plugin(this.id).instances().add(instanceId);
			plugin(this.id).onInitialize.run();
			return new PluginIntroduction(this.id.name(), "1.2.3", "", Map.of(), List.of(), ProtocolVersion.CURRENT);
		}

		@Override
		public HealthReport checkHealth(Duration timeout) {
			FakePlugins.this.log.add(this.id + " health " + timeout.toSeconds());
			return plugin(this.id).health.get();
		}

		@Override
		public void shutdown(String reason, Duration grace) {
			FakePlugins.this.log.add(this.id + " shutdown: " + reason);
			plugin(this.id).onShutdown.run();
		}

		@Override
		public PluginClient client() {
			return new PluginClient() {

				@Override
				public Mono<Decision> decide(RequestEvent event, Duration budget) {
					return (Connection.this.answer != null) ? Connection.this.answer
							: plugin(Connection.this.id).answer;
				}

				@Override
				public KeyProvider keys() {
					return plugin(Connection.this.id).keys;
				}

			};
		}

		@Override
		public EventClient events() {
			return plugin(this.id).events;
		}

		@Override
		public CompletableFuture<String> onLost() {
			return this.lost;
		}

		@Override
		public String security() {
			return "plaintext";
		}

		@Override
		public void close() {
			FakePlugins.this.log.add(this.id + " close");
			FakePlugins.this.onClose.run();
		}

	}

}
