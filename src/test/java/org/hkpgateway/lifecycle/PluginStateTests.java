package org.hkpgateway.lifecycle;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.hkpgateway.lifecycle.PluginState.BACKOFF;
import static org.hkpgateway.lifecycle.PluginState.DRAINING;
import static org.hkpgateway.lifecycle.PluginState.FAILED;
import static org.hkpgateway.lifecycle.PluginState.READY;
import static org.hkpgateway.lifecycle.PluginState.STANDBY;
import static org.hkpgateway.lifecycle.PluginState.STARTING;
import static org.hkpgateway.lifecycle.PluginState.STOPPED;

/**
 * Tests for {@link PluginState}.
 */
class PluginStateTests {

	/** The table as the operator guide has it. */
	private static final Map<PluginState, List<PluginState>> TABLE = Map.of(//
			STOPPED, List.of(STARTING), //
			STARTING, List.of(READY, STANDBY, BACKOFF, DRAINING, FAILED), //
			STANDBY, List.of(READY, DRAINING), //
			READY, List.of(STANDBY, BACKOFF, DRAINING), //
			BACKOFF, List.of(STARTING, STOPPED, FAILED), //
			DRAINING, List.of(STOPPED), //
			FAILED, List.of(STARTING, STOPPED));

	@ParameterizedTest
	@MethodSource("pairs")
	void movesAreThoseOfTheTable(PluginState from, PluginState to) {
		assertThat(from.mayBecome(to)).isEqualTo(TABLE.get(from).contains(to));
	}

	static Stream<Arguments> pairs() {
		return Arrays.stream(PluginState.values())
			.flatMap((from) -> Arrays.stream(PluginState.values()).map((to) -> Arguments.of(from, to)));
	}

	@Test
	void pairsAreAll() {
		assertThat(pairs()).hasSize(49);
	}

	@Test
	void tableIsImmutable() {
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> STOPPED.successors().add(READY));
	}

}
