package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.hkpgateway.plugin.PluginId;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link StateMachine}.
 */
class StateMachineTests {

	private static final PluginId ID = new PluginId("a");

	private final List<Transition> heard = new ArrayList<>();

	private final StateMachine machine = new StateMachine(ID, () -> VirtualTime.EPOCH, List.of(this.heard::add));

	@Test
	void beginsStopped() {
		assertThat(this.machine.position())
			.isEqualTo(new StateMachine.Position(PluginState.STOPPED, VirtualTime.EPOCH, "not started yet"));
	}

	@Test
	void moveIsTold() {
		this.machine.moveTo(PluginState.STARTING, "because");
		assertThat(this.heard).containsExactly(
				new Transition(ID, PluginState.STOPPED, PluginState.STARTING, "because", VirtualTime.EPOCH));
	}

	@Test
	void listenerSeesTheNewState() {
		List<PluginState> seen = new ArrayList<>();
		StateMachine[] holder = new StateMachine[1];
		holder[0] = new StateMachine(ID, () -> VirtualTime.EPOCH, List.of((transition) -> seen.add(holder[0].state())));
		holder[0].moveTo(PluginState.STARTING, "");
		assertThat(seen).containsExactly(PluginState.STARTING);
	}

	@Test
	void illegalMoveChangesNothingAndIsExplained() {
		assertThatIllegalStateException().isThrownBy(() -> this.machine.moveTo(PluginState.READY, "no"))
			.withMessage("plugin a: no such move: expected: STOPPED -> [STARTING], got: READY");
		assertThat(this.machine.state()).isEqualTo(PluginState.STOPPED);
		assertThat(this.heard).isEmpty();
	}

	@Test
	void transitionFromAnotherStateIsRefused() {
		assertThatIllegalStateException()
			.isThrownBy(() -> this.machine.transition(PluginState.STARTING, PluginState.READY, "no"))
			.withMessage("plugin a: cannot move to READY: expected: STARTING, got: STOPPED");
		assertThat(this.heard).isEmpty();
	}

	@Test
	void failingListenerDoesNotKeepOthersFromHearing() {
		StateMachine guarded = new StateMachine(ID, () -> VirtualTime.EPOCH, List.of((transition) -> {
			throw new IllegalArgumentException("listener");
		}, this.heard::add));
		guarded.transition(PluginState.STOPPED, PluginState.STARTING, "");
		assertThat(guarded.state()).isEqualTo(PluginState.STARTING);
		assertThat(this.heard).hasSize(1);
	}

}
