package org.hkpgateway.testsupport;

import java.nio.file.Files;
import java.time.Duration;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Unpacks the gateway before the first integration test, whose time limit should not have
 * to hold that too, and lets such tests wait as long as a busy machine needs. JUnit finds
 * it by itself and runs it for every class.
 */
public final class GatewayPreparation implements BeforeAllCallback {

	@Override
	public void beforeAll(ExtensionContext context) {
		boolean integration = context.getRequiredTestClass().getSimpleName().endsWith("IT");
		if (integration) {
			Awaitility.setDefaultTimeout(Duration.ofMinutes(1));
		}
		if (integration && Files.exists(UnpackedGateway.jar()) && Files.exists(GatewayProcess.ANTIABUSE)) {
			UnpackedGateway.options();
		}
	}

}
