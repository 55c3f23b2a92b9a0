package org.hkpgateway.chain;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Opinion}.
 */
class OpinionTests {

	private static final PluginId PLUGIN = new PluginId("a");

	@Test
	void aFailureBeforeAnythingWasSentTookNoTime() {
		assertThat(nanos(new PluginFailure.BreakerOpen(PLUGIN, ""))).isZero();
		assertThat(nanos(new PluginFailure.BulkheadFull(PLUGIN, ""))).isZero();
		assertThat(nanos(new PluginFailure.Unavailable(PLUGIN, ""))).isZero();
		assertThat(nanos(new PluginFailure.Timeout(PLUGIN, ""))).isEqualTo(40);
		assertThat(nanos(new PluginFailure.ProtocolError(PLUGIN, ""))).isEqualTo(40);
		assertThat(Opinion.of(new Reply.Decided<Decision>(Decision.Continue.UNCHANGED), 40).nanos()).isEqualTo(40);
	}

	private static long nanos(PluginFailure failure) {
		return Opinion.of(new Reply.Failed<Decision>(failure), 40).nanos();
	}

}
