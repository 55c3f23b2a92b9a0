package org.hkpgateway;

import net.devh.boot.grpc.server.autoconfigure.GrpcHealthServiceAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcReflectionServiceAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcServerFactoryAutoConfiguration;
import net.devh.boot.grpc.server.autoconfigure.GrpcServerMetricAutoConfiguration;
import org.hkpgateway.cli.CommandLine;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Starts the gateway, or runs a command in its place. Of the gRPC starter only what finds
 * services is wanted: the host service has a server for each plugin, none on a port, and
 * nothing but itself to offer. The starter's metrics name a class that Spring Boot no
 * longer has.
 */
@SpringBootApplication(proxyBeanMethods = false,
		exclude = { GrpcServerFactoryAutoConfiguration.class, GrpcHealthServiceAutoConfiguration.class,
				GrpcReflectionServiceAutoConfiguration.class, GrpcServerMetricAutoConfiguration.class },
		// Remote plugins use net.devh's channel factory without its beans.
		// Traces are configured where it is said where they go.
		excludeName = { "org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
				"org.springframework.boot.opentelemetry.autoconfigure.logging.OpenTelemetryLoggingAutoConfiguration",
				"org.springframework.boot.opentelemetry.autoconfigure.logging.otlp.OtlpLoggingAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.zipkin.ZipkinWithOpenTelemetryTracingAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.autoconfigure.otlp.OtlpExemplarsAutoConfiguration",
				"org.springframework.boot.micrometer.tracing.autoconfigure.prometheus.PrometheusExemplarsAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientHealthAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientMetricAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientMicrometerTraceAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientSecurityAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcDiscoveryClientAutoConfiguration" })
public class HkpGatewayApplication {

	public static void main(String[] args) {
		// Before anything of Spring is loaded: that alone takes seconds.
		if (CommandLine.handles(args)) {
			System.exit(CommandLine.run(args));
		}
		limitLibraries();
		SpringApplication.run(HkpGatewayApplication.class, args);
	}

	/** Bounds that libraries read when they are loaded. What is set already stays. */
	private static void limitLibraries() {
		// A client may have as many parts of an answer, of 8 KB each, waiting in memory.
		System.getProperties().putIfAbsent("reactor.netty.send.maxPrefetchSize", "16");
		// Handshakes within a connection of TLS 1.2 would pass all limits of handshakes.
		System.getProperties().putIfAbsent("jdk.tls.rejectClientInitiatedRenegotiation", "true");
	}

}
