package org.hkpgateway.plugin;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class PluginIdTests {

	@ParameterizedTest
	@ValueSource(strings = { "a", "7", "anti-abuse_2", "gateway-2" })
	void takesShortPlainNames(String name) {
		assertThat(new PluginId(name)).hasToString(name);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "-a", "A", "a b", "a/b", "ä", "gateway" })
	void refusesOthersAndTheGatewaysOwn(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> new PluginId(name))
			.withMessageContaining("plugin name: expected")
			.withMessageContaining("'" + name + "'");
	}

}
