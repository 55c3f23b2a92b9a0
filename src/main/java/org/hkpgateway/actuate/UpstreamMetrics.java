package org.hkpgateway.actuate;

import java.net.URI;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.proxy.UpstreamStatus;

/**
 * Metrics by upstream:
 * <ul>
 * <li>{@code hkp.upstream.up}: 1 if the keyserver is taken to be up, else 0</li>
 * <li>{@code hkp.upstream.connections.active}, {@code .idle} and {@code .max}, and
 * {@code .pending}, requests that wait for one</li>
 * <li>{@code hkp.upstream.failures}, also by kind: attempts to have a client's request
 * answered by it that failed because it was {@code unsent} (no connection), was sent and
 * remained {@code unanswered}, or the answer was {@code cut}</li>
 * <li>{@code hkp.upstream.retries}: unsent ones that went elsewhere, or over another
 * connection</li>
 * </ul>
 */
public class UpstreamMetrics implements MeterBinder {

	private final Supplier<List<UpstreamStatus>> upstreams;

	/**
	 * Makes the metrics.
	 * @param upstreams knows the keyservers, which are always the same ones
	 */
	public UpstreamMetrics(Supplier<List<UpstreamStatus>> upstreams) {
		this.upstreams = upstreams;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (UpstreamStatus upstream : this.upstreams.get()) {
			Gauge.builder("hkp.upstream.up", () -> status(upstream.url()).up() ? 1 : 0)
				.tag("upstream", upstream.url().toString())
				.description("Whether the keyserver is taken to be up")
				.register(registry);
			pool(registry, upstream.url(), "active", "Connections in use for requests", UpstreamStatus.Pool::active);
			pool(registry, upstream.url(), "idle", "Open connections that are free", UpstreamStatus.Pool::idle);
			pool(registry, upstream.url(), "pending", "Requests that wait for a connection",
					UpstreamStatus.Pool::pending);
			pool(registry, upstream.url(), "max", "How many connections there may be", UpstreamStatus.Pool::max);
			failures(registry, upstream.url(), "unsent", UpstreamStatus.Failures::unsent);
			failures(registry, upstream.url(), "unanswered", UpstreamStatus.Failures::unanswered);
			failures(registry, upstream.url(), "cut", UpstreamStatus.Failures::cut);
			counter("hkp.upstream.retries", upstream.url(), UpstreamStatus.Failures::retried)
				.description("Requests that were never sent to the keyserver and tried again")
				.register(registry);
		}
	}

	private void pool(MeterRegistry registry, URI url, String what, String description,
			ToDoubleFunction<UpstreamStatus.Pool> size) {
		Gauge.builder("hkp.upstream.connections." + what, () -> size.applyAsDouble(status(url).pool()))
			.tag("upstream", url.toString())
			.description(description)
			.register(registry);
	}

	private void failures(MeterRegistry registry, URI url, String kind,
			ToDoubleFunction<UpstreamStatus.Failures> count) {
		counter("hkp.upstream.failures", url, count).tag("kind", kind)
			.description("Attempts to have a request answered by the keyserver that failed")
			.register(registry);
	}

	private FunctionCounter.Builder<UpstreamMetrics> counter(String name, URI url,
			ToDoubleFunction<UpstreamStatus.Failures> count) {
		return FunctionCounter.builder(name, this, (self) -> count.applyAsDouble(self.status(url).failures()))
			.tag("upstream", url.toString());
	}

	private UpstreamStatus status(URI url) {
		return this.upstreams.get().stream().filter((upstream) -> upstream.url().equals(url)).findFirst().orElseThrow();
	}

}
