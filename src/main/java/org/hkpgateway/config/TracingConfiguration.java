package org.hkpgateway.config;

import io.opentelemetry.api.OpenTelemetry;
import org.hkpgateway.actuate.HostTraces;
import org.hkpgateway.actuate.RequestTraces;
import org.hkpgateway.proxy.RequestTracing;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Traces, once it is said where they go. Else nothing of them is made, and a request only
 * costs to see that. Of Spring Boot's parts those are left out that make spans of what
 * the management port is asked. They are imported and not found, for those that are found
 * cannot be left out on a condition; the order is theirs.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("management.opentelemetry.tracing.export.otlp.endpoint")
@ConditionalOnBooleanProperty(name = "management.tracing.export.enabled", matchIfMissing = true)
@ConditionalOnBooleanProperty(name = "management.tracing.export.otlp.enabled", matchIfMissing = true)
@Import({ OpenTelemetrySdkAutoConfiguration.class, OpenTelemetryTracingAutoConfiguration.class,
		OtlpTracingAutoConfiguration.class })
class TracingConfiguration {

	private static final String TRACER = "hkp-gateway";

	@Bean
	RequestTracing requestTracing(OpenTelemetry telemetry) {
		return new RequestTraces(telemetry.getTracer(TRACER));
	}

	@Bean
	HostTraces hostTraces(OpenTelemetry telemetry) {
		return new HostTraces(telemetry.getTracer(TRACER));
	}

}
