package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.hkpgateway.plugin.PluginSpec;

/**
 * One supervisor of a fake plugin {@code a} in virtual time, with a record of its moves.
 */
final class SupervisorHarness {

	final VirtualTime time = new VirtualTime();

	final FakePlugins fakes = new FakePlugins();

	final FakePlugin plugin = this.fakes.plugin("a");

	final List<Transition> transitions = new ArrayList<>();

	final List<String> breakers = new ArrayList<>();

	Consumer<Transition> onTransition = (transition) -> {
	};

	final PluginSupervisor supervisor;

	SupervisorHarness() {
		this(FakePlugins.spec("a"));
	}

	SupervisorHarness(PluginSpec spec) {
		LifecycleSettings settings = LifecycleSettings.DEFAULTS;
		this.supervisor = new PluginSupervisor(spec, this.fakes.tools(settings),
				new RestartPolicy(settings.restart(), () -> 0.5), this.time.loop(),
				new Surroundings(List.of((transition) -> {
					this.transitions.add(transition);
					this.onTransition.accept(transition);
				}), new AtomicLong()::incrementAndGet, (phase, from, to) -> this.breakers.add(from + ">" + to)));
	}

	SupervisorHarness started() {
		this.supervisor.start("test");
		this.time.run();
		return this;
	}

	PluginStatus status() {
		return PluginStatus.of(this.supervisor.snapshot(), true, List.of(), null, null);
	}

	/** All states so far, STOPPED first. */
	List<PluginState> states() {
		List<PluginState> states = new ArrayList<>(List.of(PluginState.STOPPED));
		this.transitions.forEach((transition) -> states.add(transition.to()));
		return states;
	}

	String lastReason() {
		return this.transitions.get(this.transitions.size() - 1).reason();
	}

	void allDie(Runnable how) {
		this.plugin.onInitialize = how;
	}

}
