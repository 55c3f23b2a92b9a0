package org.hkpgateway.config;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.hkpgateway.actuate.EdgeMetrics;
import org.hkpgateway.actuate.EventMetrics;
import org.hkpgateway.actuate.GatewayMetrics;
import org.hkpgateway.actuate.GuardGauges;
import org.hkpgateway.actuate.PluginGauges;
import org.hkpgateway.actuate.ProofOfCall;
import org.hkpgateway.actuate.RedisMetrics;
import org.hkpgateway.actuate.StateGauges;
import org.hkpgateway.actuate.StorageMetrics;
import org.hkpgateway.actuate.UpstreamMetrics;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.ShadowOutcome;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.host.HostRefusal;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proxy.EndedRequest;
import org.hkpgateway.proxy.UpstreamStatus;
import org.hkpgateway.state.LocalStateStore;
import org.hkpgateway.state.RedisStatus;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.storage.StorageListener;
import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsProperties;
import org.springframework.boot.micrometer.metrics.autoconfigure.PropertiesMeterFilter;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares the meters that there are with the tables of {@code docs/metrics.md}: their
 * names, also as Prometheus sees them, their types, units and labels.
 */
class DocumentedMetersTests {

	private static final Pattern ROW = Pattern
		.compile("\\| `(hkp[a-z.]+)` \\| `(hkp[a-z_]+)` \\| (\\w+) \\|([^|]*)\\| ([^|]+) \\|");

	private static final PluginId A = new PluginId("a");

	private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

	/** As the gateway configures it: without buckets there are no histograms. */
	DocumentedMetersTests() throws IOException {
		PropertySource<?> defaults = new YamlPropertySourceLoader()
			.load("defaults", new ClassPathResource("application.yml"))
			.get(0);
		MetricsProperties properties = new Binder(ConfigurationPropertySources.from(defaults), null,
				ApplicationConversionService.getSharedInstance())
			.bind("management.metrics", MetricsProperties.class)
			.get();
		this.registry.config().meterFilter(new PropertiesMeterFilter(properties));
	}

	@Test
	void theTablesNameEveryMeterThatThereIs() throws IOException {
		plugins();
		edge();
		services();
		this.registry.getMeters()
			.forEach((meter) -> assertThat(meter.getId().getDescription()).as(name(meter))
				.isNotBlank()
				.doesNotEndWith("."));
		assertThat(found()).containsExactlyInAnyOrderEntriesOf(documented(this.registry.scrape()));
	}

	/** All of them, so that what is missing here is missing there. */
	private void plugins() {
		GatewayMetrics metrics = new GatewayMetrics(this.registry);
		metrics.onTransition(new Transition(A, PluginState.STARTING, PluginState.READY, "", Instant.EPOCH));
		metrics.pluginAsked("r", new PluginOutcome(A, PluginOutcome.Kind.FAILED_OPEN, "", "timeout", 5, 5, null));
		metrics.stateChanged(A, Phase.RESPONSE, BreakerState.CLOSED, BreakerState.OPEN);
		metrics.onIncident(A, StreamListener.Incident.ANSWER_IGNORED);
		metrics.delayed(A, true);
		metrics.replaced(A, 503);
		metrics.compared("r", new ShadowOutcome(A, ShadowOutcome.Agreement.SAME, "", 5));
		new GuardGauges(this.registry, DocumentedMetersTests::status)
			.onTransition(new Transition(A, PluginState.STARTING, PluginState.READY, "", Instant.EPOCH));
		new PluginGauges(this.registry, DocumentedMetersTests::status).onAdded(A);
		PluginGauges.bindFindings(this.registry, List::of);
		HostConfiguration.refusals(this.registry).refused(A, HostRefusal.NOT_GRANTED);
		new ProofOfCall(Duration.ofMinutes(5), () -> List.of(status(A)), Set::of, this.registry, Clock.systemUTC())
			.look();
	}

	private void edge() {
		EdgeMetrics edge = new EdgeMetrics(this.registry, Duration.ofSeconds(1));
		edge.requestRefused(400);
		URI url = URI.create("http://keys:11371");
		edge.requestEnded(new EndedRequest(Operation.LOOKUP_GET, "forward", 200, 5, 5, url, 5));
		EdgeMetrics.bindBuffers(this.registry, () -> 1, () -> 1);
		GatewayConfiguration.delayedRequests(this.registry, () -> 1);
		new UpstreamMetrics(() -> List.of(new UpstreamStatus(url, true, true, true,
				new UpstreamStatus.Failures(0, 0, 0, 0), new UpstreamStatus.Pool(0, 0, 0, 0), "")))
			.bindTo(this.registry);
		new GatewayConfiguration().buildInfo(new GatewayVersion("1")).bindTo(this.registry);
		new LoggingConfiguration().droppedLogLines().bindTo(this.registry);
	}

	private void services() {
		EventMetrics events = new EventMetrics(this.registry);
		events.published("key.changed");
		events.onAdded(A);
		events.showCluster();
		EventMetrics.bindSize(this.registry, new EventBus());
		StorageMetrics storage = new StorageMetrics(this.registry);
		storage.answered(KeyQuery.Type.LOOKUP, StorageListener.Result.FOUND, 1);
		storage.looked(StorageListener.Looked.HIT);
		storage.provided(A, StorageListener.Provided.ANSWERED);
		StorageMetrics.bindSize(this.registry, null);
		new RedisMetrics(() -> new RedisStatus("", true, Duration.ZERO, "", 1, new RedisStatus.Failures(0, 0, 0)))
			.bindTo(this.registry);
		EventMetrics.bindJoined(this.registry, () -> true);
		StateQuota quota = new StateQuota(10, 1000);
		new StateGauges(this.registry, new LocalStateStore(quota)).onAdded(A);
		StateGauges.bindQuota(this.registry, quota);
	}

	private static PluginStatus status(PluginId plugin) {
		PluginSpec spec = TestSpec.named(plugin.name()).build();
		GuardStatus guard = new GuardStatus(new BreakerStatus(BreakerState.CLOSED, -1, -1, 0, 0), LatencyStatus.NONE, 0,
				1);
		return new PluginStatus(spec.id(), spec.version(), "here", true, PluginState.READY, Instant.EPOCH, "",
				OptionalLong.empty(), 0, 1, List.of(), null, List.of(), spec.order(), spec.mode(), spec.speculative(),
				spec.match(), spec.required(), spec.fail(), spec.requested(), spec.granted(), null, null, null, guard,
				null, null, null);
	}

	/** What is there, in the words of the tables. */
	private Map<String, String> found() {
		return this.registry.getMeters()
			.stream()
			.collect(Collectors.toMap(DocumentedMetersTests::name, (meter) -> type(meter) + ", " + labels(meter),
					(one, other) -> {
						assertThat(one).isEqualTo(other);
						return one;
					}, TreeMap::new));
	}

	private static String name(Meter meter) {
		return meter.getId().getName();
	}

	private static String type(Meter meter) {
		return switch (meter.getId().getType()) {
			case TIMER, DISTRIBUTION_SUMMARY -> "histogram";
			default -> meter.getId().getType().name().toLowerCase(Locale.ROOT);
		};
	}

	private static List<String> labels(Meter meter) {
		return meter.getId().getTags().stream().map(Tag::getKey).sorted().toList();
	}

	private static Map<String, String> documented(String scraped) throws IOException {
		String text = Files.readString(GatewayProcess.root().resolve("docs/metrics.md"));
		Map<String, String> rows = new TreeMap<>();
		Matcher row = ROW.matcher(text);
		while (row.find()) {
			List<String> labels = Pattern.compile("`(\\w+)`")
				.matcher(row.group(4))
				.results()
				.map((label) -> label.group(1))
				.sorted()
				.toList();
			assertThat(rows.put(row.group(1), row.group(3) + ", " + labels)).as(row.group(1)).isNull();
			assertThat(scraped).contains("# TYPE " + row.group(2) + " " + row.group(3) + "\n");
		}
		// A row that is written in another way would be overlooked.
		assertThat(rows).hasSize((int) text.lines().filter((line) -> line.startsWith("| `hkp")).count());
		return rows;
	}

}
