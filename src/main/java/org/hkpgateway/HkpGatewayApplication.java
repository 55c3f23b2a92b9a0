package org.hkpgateway;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Starts the gateway.
 */
@SpringBootApplication(proxyBeanMethods = false,
		// Remote plugins use net.devh's channel factory without its beans.
		excludeName = { "net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientHealthAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientMetricAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientMicrometerTraceAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcClientSecurityAutoConfiguration",
				"net.devh.boot.grpc.client.autoconfigure.GrpcDiscoveryClientAutoConfiguration" })
public class HkpGatewayApplication {

	public static void main(String[] args) {
		SpringApplication.run(HkpGatewayApplication.class, args);
	}

}
