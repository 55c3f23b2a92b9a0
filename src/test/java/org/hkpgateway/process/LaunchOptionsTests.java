package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LaunchOptionsTests {

	@Test
	void theirTextDoesNotShowTheGatewaysEnvironment() {
		LaunchOptions options = new LaunchOptions(Path.of("/run/x"), Map.of("REDIS_PASSWORD", "s3cret"),
				PluginOutput.toLog(), true);
		assertThat(options.toString()).contains("/run/x").doesNotContain("s3cret", "REDIS_PASSWORD");
	}

}
