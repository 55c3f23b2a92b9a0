package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

class EdgeSettingsTests {

	@Test
	void withoutConfigurationTheDefaultsHold() {
		EdgeSettings settings = bind(Map.of());
		assertThat(settings.maxBody()).isEqualTo(DataSize.ofMegabytes(16));
		assertThat(settings.maxBufferedBytes()).isEqualTo(DataSize.ofMegabytes(256));
		assertThat(settings.maxHeaderBytes()).isEqualTo(DataSize.ofKilobytes(16));
		assertThat(settings.requestHeadTimeout()).isEqualTo(Duration.ofSeconds(5));
		assertThat(settings.idleTimeout()).isEqualTo(Duration.ofSeconds(60));
		assertThat(settings.minBodyRate()).isEqualTo(DataSize.ofKilobytes(1));
		assertThat(settings.minResponseRate()).isEqualTo(DataSize.ofKilobytes(1));
		assertThat(settings.maxConnections()).isEqualTo(10000);
		assertThat(settings.maxConnectionsPerAddress()).isEqualTo(80);
		assertThat(settings.maxNewConnectionsPerAddress()).isZero();
		assertThat(settings.newConnectionsWindow()).isEqualTo(Duration.ofSeconds(10));
		assertThat(settings.maxRequestsPerAddress()).isEqualTo(80);
	}

	@ParameterizedTest
	@CsvSource({ "max-body,0B", "max-buffered-bytes,1KB", "max-header-bytes,1B", "request-head-timeout,0s",
			"request-head-timeout,2d", "idle-timeout,0s", "min-body-rate,-1B", "min-body-rate,2GB",
			"min-response-rate,-1B", "max-connections,0", "max-connections-per-address,0",
			"max-new-connections-per-address,-1", "max-new-connections-per-address,1000001",
			"new-connections-window,999ms", "new-connections-window,61m", "max-requests-per-address,0" })
	void whatCannotBeIsRefusedWithTheNameOfTheKey(String key, String value) {
		assertThatException().isThrownBy(() -> bind(Map.of(key, value)))
			.havingRootCause()
			.withMessageContaining("hkp.edge." + key + ": expected: ")
			.withMessageContaining(", got: ");
	}

	private static EdgeSettings bind(Map<String, String> values) {
		return new Binder(new MapConfigurationPropertySource(values)).bindOrCreate("", EdgeSettings.class);
	}

}
