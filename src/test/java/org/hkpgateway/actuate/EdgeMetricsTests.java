package org.hkpgateway.actuate;

import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.proxy.EdgeLimit;
import org.hkpgateway.proxy.EdgeListener;
import org.hkpgateway.proxy.EndedRequest;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EdgeMetrics}.
 */
class EdgeMetricsTests {

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final EdgeMetrics metrics = new EdgeMetrics(this.registry, Duration.ofSeconds(1));

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

	@Test
	void requestsAreCountedByWhatBecameOfThem() {
		URI url = URI.create("http://keys:11371");
		this.metrics
			.requestEnded(new EndedRequest(Operation.LOOKUP_GET, "forward", 404, millis(5), -1, url, millis(3)));
		this.metrics
			.requestEnded(new EndedRequest(Operation.LOOKUP_GET, "forward", 404, millis(7), millis(250), url, -1));
		this.metrics.requestEnded(new EndedRequest(null, "refuse", 400, millis(1), -1, null, -1));
		assertThat(this.registry.get("hkp.requests")
			.tags("decision", "forward", "status", "4xx")
			.timer()
			.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(12);
		assertThat(
				this.registry.get("hkp.operations").tags("operation", "lookup-get", "status", "4xx").counter().count())
			.isEqualTo(2);
		assertThat(this.registry.get("hkp.operations").tags("operation", "none", "status", "4xx").counter().count())
			.isEqualTo(1);
		assertThat(this.registry.get("hkp.upstream.answers")
			.tag("upstream", "http://keys:11371")
			.timer()
			.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
		assertThat(this.registry.get("hkp.chain.budget.left").summary().count()).isEqualTo(1);
		assertThat(this.registry.get("hkp.chain.budget.left").summary().totalAmount()).isEqualTo(0.75);
	}

	@Test
	void noStatusMakesALabelOfItsOwn() {
		for (int status = -1; status < 2000; status++) {
			this.metrics.requestEnded(new EndedRequest(null, "forward", status, 1, -1, null, -1));
		}
		assertThat(this.registry.get("hkp.requests").timers()).extracting(Meter::getId)
			.extracting((id) -> id.getTag("status"))
			.containsExactlyInAnyOrder("1xx", "2xx", "3xx", "4xx", "5xx", "none");
	}

	@Test
	void aBudgetThatIsOverdrawnLeavesNothing() {
		this.metrics.requestEnded(new EndedRequest(null, "forward", 200, 1, millis(1003), null, -1));
		assertThat(this.registry.get("hkp.chain.budget.left").summary().max()).isZero();
	}

	private static long millis(long millis) {
		return TimeUnit.MILLISECONDS.toNanos(millis);
	}

}
