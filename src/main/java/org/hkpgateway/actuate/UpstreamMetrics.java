package org.hkpgateway.actuate;

import java.net.URI;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.proxy.UpstreamStatus;

/**
 * {@code hkp.upstream.up} by upstream: 1 if requests that only read go to that keyserver,
 * 0 if it is taken to be down.
 */
public class UpstreamMetrics implements MeterBinder {

	private final PublicServer server;

	/**
	 * Makes the metrics.
	 * @param server knows the keyservers
	 */
	public UpstreamMetrics(PublicServer server) {
		this.server = server;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (UpstreamStatus upstream : this.server.upstreams()) {
			Gauge.builder("hkp.upstream.up", () -> isUp(upstream.url()) ? 1 : 0)
				.tag("upstream", upstream.url().toString())
				.description("Whether the keyserver is taken to be up")
				.register(registry);
		}
	}

	private boolean isUp(URI url) {
		return this.server.upstreams().stream().anyMatch((upstream) -> upstream.url().equals(url) && upstream.up());
	}

}
