package org.hkpgateway.host;

import java.nio.file.Files;
import java.nio.file.Path;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.MetricCollectingServerInterceptor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import net.devh.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import net.devh.boot.grpc.server.interceptor.GrpcGlobalServerInterceptor;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.storage.KeyStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the starter finds: the service, with the interceptors that are common to all.
 */
@Timeout(60)
class HostDiscoveryTests {

	@Test
	void theServiceIsFoundByItsAnnotationAndItsCallsAreCounted() throws Exception {
		Path directory = Files.createTempDirectory(Path.of("/tmp"), "hs");
		try {
			new ApplicationContextRunner()
				.withUserConfiguration(GrpcServerAutoConfiguration.class, PluginHostService.class, Beans.class)
				.run((context) -> {
					MeterRegistry meters = context.getBean(MeterRegistry.class);
					try (HostServers servers = new HostServers(context.getBean(GrpcServiceDiscoverer.class),
							(plugin, refusal) -> {
							}, null);
							HostAccess.Session session = servers.open(TestSpec.named("alpha").build(),
									Files.createDirectory(directory.resolve("a")));
							HostClient client = HostClient.of(session.environment())) {
						assertThat(client.token(session.environment())
							.getHostInfo(Empty.getDefaultInstance())
							.getLoadedPluginsCount()).isEqualTo(2);
						TestHost.await("a counted call",
								() -> meters.find("grpc.server.processing.duration")
									.tags("method", "GetHostInfo", "statusCode", "OK")
									.timers()
									.stream()
									.anyMatch((timer) -> timer.count() == 1));
					}
				});
		}
		finally {
			FileSystemUtils.deleteRecursively(directory);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Beans {

		@Bean
		StateStore state() {
			return TestHost.state();
		}

		@Bean
		KeyStorage storage() {
			return TestHost.storage();
		}

		@Bean(destroyMethod = "close")
		EventBus bus() {
			return new EventBus();
		}

		@Bean
		PluginEvents events(EventBus bus) {
			return TestHost.events(bus);
		}

		@Bean
		HostInformation hostInformation() {
			return TestHost.INFORMATION;
		}

		@Bean
		MeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		@GrpcGlobalServerInterceptor
		MetricCollectingServerInterceptor metrics(MeterRegistry registry) {
			return new MetricCollectingServerInterceptor(registry);
		}

	}

}
