package org.hkpgateway;

import org.hkpgateway.cli.CommandLine;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Starts the gateway, or runs a command in its place.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class HkpGatewayApplication {

	public static void main(String[] args) {
		// Before anything of Spring is loaded: that alone takes seconds.
		if (CommandLine.handles(args)) {
			System.exit(CommandLine.run(args));
		}
		SpringApplication.run(HkpGatewayApplication.class, args);
	}

}
