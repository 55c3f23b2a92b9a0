package org.hkpgateway.lifecycle;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginSpec;

/**
 * What every slot works with.
 *
 * @param tools what supervisors work with
 * @param policy when they restart
 * @param loops makes their threads, from a name
 * @param control the thread that decides
 * @param listeners are told of every move
 * @param breakers are told of the breakers of active generations
 */
record SlotTools(Tools tools, RestartPolicy policy, Function<String, SupervisorLoop> loops, Control control,
		List<StateListener> listeners, BreakerListener breakers) {

	SlotTools {
		listeners = List.copyOf(listeners);
	}

	PluginSupervisor supervisor(PluginSpec spec, LongSupplier generations, StateListener slot,
			Surroundings.BreakerChange breaker) {
		List<StateListener> all = Stream.concat(this.listeners.stream(), Stream.of(slot)).toList();
		return new PluginSupervisor(spec, this.tools, this.policy, this.loops.apply(spec.id() + "-supervisor"),
				new Surroundings(all, generations, breaker));
	}

}
