package org.hkpgateway.bench.cloud;

import java.nio.file.Path;
import java.util.List;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;

/**
 * One route to the upstream, with a {@link DecisionFilter} for each socket in
 * {@code bench.decisions}.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class CloudGatewayApplication {

	public static void main(String[] args) {
		SpringApplication.run(CloudGatewayApplication.class, args);
	}

	@Bean(destroyMethod = "close")
	DecisionChannels decisionChannels() {
		return new DecisionChannels();
	}

	@Bean
	RouteLocator routes(RouteLocatorBuilder routes, DecisionChannels channels,
			@Value("${bench.upstream}") String upstream, @Value("${bench.decisions:}") List<String> decisions) {
		return routes.routes().route("upstream", (route) -> route.path("/**").filters((filters) -> {
			decisions.forEach((socket) -> filters.filter(new DecisionFilter(channels.open(Path.of(socket)))));
			return filters;
		}).uri(upstream)).build();
	}

}
