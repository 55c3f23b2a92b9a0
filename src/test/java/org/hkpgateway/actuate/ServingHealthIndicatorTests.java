package org.hkpgateway.actuate;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.lifecycle.EventLinks;
import org.hkpgateway.lifecycle.LifecycleSettings;
import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.process.PluginLauncher;
import org.hkpgateway.process.PluginProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServingHealthIndicator}.
 */
class ServingHealthIndicatorTests {

	private final PluginHost host = new PluginHost(new NoLauncher(), (spec) -> {
		throw new AssertionError("expected: no plugin, got: " + spec.id());
	}, (spec, client, listener) -> {
		throw new AssertionError("expected: no plugin, got: " + spec.id());
	}, LifecycleSettings.DEFAULTS, List.of(), BreakerListener.NONE, EventLinks.NONE);

	@AfterEach
	void close() {
		this.host.close();
	}

	@Test
	void nothingRequiredAndAReachableKeyserverIsUp() {
		this.host.start(List.of());
		assertThat(health(Mono.empty()).getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void aKeyserverThatCountsAndCannotBeReachedIsOutOfService() {
		this.host.start(List.of());
		Health health = health(Mono.error(new IllegalStateException("refused")));
		assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
		assertThat(health.getDetails()).containsEntry("upstream", "refused");
	}

	@Test
	void aRequiredPluginThatIsMissingIsOutOfService() {
		this.host.start(
				List.of(TestSpec.named("antiabuse").required(true).source(new PluginSource.Missing("none")).build()));
		this.host.settled().orTimeout(5, TimeUnit.SECONDS).join();
		Health health = health(Mono.empty());
		assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
		assertThat(health.getDetails()).containsEntry("required", List.of("antiabuse: FAILED"));
	}

	private Health health(Mono<Void> upstream) {
		Health health = new ServingHealthIndicator(this.host, false, upstream).health().block(Duration.ofSeconds(5));
		assertThat(health).isNotNull();
		return health;
	}

	private static final class NoLauncher implements PluginLauncher {

		@Override
		public PluginProcess launch(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
			throw new AssertionError("expected: no plugin, got: " + spec.id());
		}

		@Override
		public void close() {
		}

	}

}
