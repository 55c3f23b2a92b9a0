package org.hkpgateway.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin of a real gateway calls it back with what is in its environment.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HostAccessIT {

	@TempDir
	private Path plugins;

	@Test
	void aPluginAsksItsGatewayWhoItIs() throws Exception {
		FakePluginProgram.installAs(this.plugins, "caller", "CONTINUES");
		Path run = this.plugins.resolve("caller/run");
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		// A second process of the same launch, with the same environment.
		Files.writeString(run, Files.readString(run).replaceFirst("\n", """

				'%s/bin/java' -Xmx64m -cp '%s' %s >&2 &
				""".formatted(System.getProperty("java.home"), classPath, HostClientProgram.class.getName())));
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.caller.required=true")) {
			gateway.pluginPid("caller");
			gateway.await("the answer to GetHostInfo",
					() -> gateway.log()
						.lines()
						.anyMatch((line) -> line.contains("plugin.caller") && line.endsWith(" [caller]")));
			assertThat(gateway.log()).doesNotContain("refused on its host socket");
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.leftovers()).isEmpty();
		}
	}

}
