package org.hkpgateway.actuate;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.proxy.EdgeLimit;
import org.hkpgateway.proxy.EdgeListener;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EdgeMetrics}.
 */
class EdgeMetricsTests {

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final EdgeMetrics metrics = new EdgeMetrics(this.registry);

	@Test
	void everyLimitAndReasonIsThereBeforeItIsReached() {
		assertThat(this.registry.get("hkp.edge.limited").counters()).hasSize(EdgeLimit.values().length)
			.allMatch((counter) -> counter.count() == 0);
		assertThat(this.registry.get("hkp.edge.connections.refused").counters())
			.hasSize(EdgeListener.Reason.values().length);
		assertThat(this.registry.get("hkp.upload.answers.unread").counters()).hasSize(Unread.values().length);
	}

	@Test
	void whatHappensIsCounted() {
		this.metrics.connectionOpened();
		this.metrics.connectionOpened();
		this.metrics.connectionClosed();
		this.metrics.limited(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS);
		this.metrics.connectionRefused(EdgeListener.Reason.TLS_HANDSHAKE);
		this.metrics.requestRefused(408);
		this.metrics.uploadUnread(Unread.NOT_UNDERSTOOD);
		assertThat(this.registry.get("hkp.edge.connections").gauge().value()).isEqualTo(1);
		assertThat(this.registry.get("hkp.edge.connections.accepted").counter().count()).isEqualTo(2);
		assertThat(this.registry.get("hkp.edge.limited").tag("limit", "max-connections-per-address").counter().count())
			.isEqualTo(1);
		assertThat(this.registry.get("hkp.edge.connections.refused").tag("reason", "tls-handshake").counter().count())
			.isEqualTo(1);
		assertThat(this.registry.get("hkp.upload.answers.unread").tag("reason", "not-understood").counter().count())
			.isEqualTo(1);
		assertThat(this.registry.get("hkp.edge.refused").tag("status", "408").counter().count()).isEqualTo(1);
	}

}
