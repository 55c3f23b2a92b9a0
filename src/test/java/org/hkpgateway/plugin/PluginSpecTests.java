package org.hkpgateway.plugin;

import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PluginSpecTests {

	@Test
	void itsTextShowsNoSecret() {
		PluginSpec spec = TestSpec.named("x")
			.source(new PluginSource.Remote("plugin.test:1", null, "s3cret-token", "s3cret-host-token"))
			.environment(Map.of("PASSWORD", "s3cret-variable"))
			.config("{\"password\":\"s3cret-setting\"}")
			.build();
		assertThat(spec.toString()).contains("x", "remote plugin.test:1").doesNotContain("s3cret");
	}

}
