package org.hkpgateway;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Starts the gateway.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class HkpGatewayApplication {

	public static void main(String[] args) {
		SpringApplication.run(HkpGatewayApplication.class, args);
	}

}
