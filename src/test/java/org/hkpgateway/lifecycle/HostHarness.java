package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import reactor.core.publisher.Mono;

/**
 * A host of fake plugins in virtual time. Each process of a plugin answers with its
 * number, 1 for the first.
 */
final class HostHarness {

	final VirtualTime time = new VirtualTime();

	final FakePlugins fakes = new FakePlugins();

	final List<Transition> transitions = new ArrayList<>();

	final List<String> breakers = new ArrayList<>();

	final List<PluginId> removed = new ArrayList<>();

	final PluginHost host = new PluginHost(this.fakes.tools(LifecycleSettings.DEFAULTS), List.of(new Recorder()),
			(id, phase, from, to) -> this.breakers.add(id + " " + from + ">" + to), (name) -> this.time.loop(),
			() -> 0.5);

	HostHarness start(PluginSpec... specs) {
		for (PluginSpec spec : specs) {
			numbered(spec.id().name());
		}
		this.host.start(List.of(specs));
		this.time.run();
		return this;
	}

	void numbered(String name) {
		FakePlugin plugin = this.fakes.plugin(name);
		plugin.ownAnswer = () -> Mono
			.just(new Decision.Continue(List.of(), List.of(), Map.of(), String.valueOf(plugin.processes().size())));
	}

	FakePlugin plugin(String name) {
		return this.fakes.plugin(name);
	}

	static PluginId id(String name) {
		return new PluginId(name);
	}

	static PluginSpec spec(String name) {
		return FakePlugins.spec(name);
	}

	static PluginSpec disabled(String name, String... dependencies) {
		return TestSpec.named(name).disabled().dependencies(dependencies).build();
	}

	PluginStatus status(String name) {
		return this.host.status(id(name));
	}

	PluginState state(String name) {
		return status(name).state();
	}

	void failing(String name) {
		this.fakes.plugin(name).onInitialize = () -> {
			throw new PluginStartException(id(name), "no");
		};
	}

	void healed(String name) {
		this.fakes.plugin(name).onInitialize = () -> {
		};
	}

	/** Ends an action, which must end now. */
	ActionResult result(CompletableFuture<ActionResult> action) {
		this.time.run();
		return action.getNow(null);
	}

	PluginRegistry.Entry entry(String name) {
		return this.host.chain()
			.stream()
			.filter((entry) -> entry.spec().id().name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	/** Asks as a request does that comes now. */
	String ask(String name) {
		return ask(entry(name));
	}

	/** Asks as a request does that has held an entry for a while. */
	static String ask(PluginRegistry.Entry held) {
		PluginRegistry.Entry now = held.current();
		if (now == null) {
			return "left";
		}
		PluginClient client = now.client();
		return (client != null) ? ask(client) : "down";
	}

	static String ask(PluginClient client) {
		Decision decision = client.decide(Requests.any(), Duration.ofSeconds(1)).block();
		return ((Decision.Continue) decision).reason();
	}

	private final class Recorder implements StateListener {

		@Override
		public void onTransition(Transition transition) {
			HostHarness.this.transitions.add(transition);
		}

		@Override
		public void onRemoved(PluginId plugin) {
			HostHarness.this.removed.add(plugin);
		}

	}

}
