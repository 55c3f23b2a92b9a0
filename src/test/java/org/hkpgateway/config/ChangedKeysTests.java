package org.hkpgateway.config;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.hkpgateway.actuate.StorageMetrics;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.storage.KeyStorage;
import org.hkpgateway.storage.StorageSettings;
import org.hkpgateway.storage.StorageTracing;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the storage hears of the event bus.
 */
class ChangedKeysTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private final EventBus bus = new EventBus();

	private void publish(String type, Map<String, String> metadata) {
		this.bus.publish(type, "gateway", metadata, () -> "{}");
	}

	@Test
	void keysThatHaveChangedAreToldByFingerprint() {
		StepVerifier.create(HostConfiguration.changedKeys(this.bus)).then(() -> {
			publish("key.submitted", Map.of());
			publish("key.changed", Map.of("fingerprint", "BB", "change", "ignored"));
			publish("key.changed", Map.of("fingerprint", "CC", "change", "inserted"));
			publish("key.changed", Map.of("fingerprint", "DD", "change", "updated"));
		}).expectNext("CC", "DD").thenCancel().verify(LONG);
	}

	@Test
	void anEventOfTheBusDropsTheAnswer() throws IOException {
		String fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567";
		KeyQuery query = KeyQuery.of(KeyQuery.Type.LOOKUP, fingerprint, Map.of());
		PluginId caller = new PluginId("alpha");
		try (RawUpstream keyserver = RawUpstream.answering("HTTP/1.0 200 OK\r\n\r\npub:" + fingerprint + ":1:1:1::\n");
				KeyStorage storage = new KeyStorage(new StorageSettings(1 << 20, LONG, LONG, 1 << 20, LONG),
						() -> List.of(keyserver.uri()), Optional::empty, HostConfiguration.changedKeys(this.bus),
						new StorageMetrics(new SimpleMeterRegistry()), StorageTracing.NONE)) {
			// Reading the keyserver's answers to uploads costs something.
			assertThat(this.bus.isWanted("key.changed")).isFalse();
			storage.query(caller, query, 0, 1).block(LONG);
			storage.query(caller, query, 0, 1).block(LONG);
			assertThat(keyserver.waiting()).isEqualTo(1);
			assertThat(this.bus.isWanted("key.changed")).isTrue();
			publish("key.changed", Map.of("fingerprint", fingerprint, "change", "updated"));
			Awaitility.await().atMost(LONG).until(() -> storage.cachedAnswers() == 0);
			storage.query(caller, query, 0, 1).block(LONG);
			assertThat(keyserver.waiting()).isEqualTo(2);
		}
	}

	@Test
	void changesThatWereMissedElsewhereAreToldWithoutAKey() {
		StepVerifier.create(HostConfiguration.changedKeys(this.bus)).then(() -> {
			publish("cluster.gap", Map.of("replica", "r", "source", "antiabuse", "missed", "3"));
			publish("key.changed", Map.of("fingerprint", "AA", "change", "unknown"));
			publish("cluster.gap", Map.of("replica", "r", "source", "gateway", "missed", "1"));
			publish("key.changed", Map.of("fingerprint", "BB", "change", "unknown"));
			publish("cluster.joined", Map.of());
			publish("key.submitted", Map.of("unread", "not-named"));
			publish("key.changed", Map.of("fingerprint", "CC", "change", "unknown"));
		}).expectNext("AA", "", "BB", "", "", "CC").thenCancel().verify(LONG);
	}

	@Test
	void changesThatWereMissedOrNameNoKeyAreToldWithoutOne() {
		StepVerifier.create(HostConfiguration.changedKeys(this.bus), 0).then(() -> {
			for (int i = 0; i < 200; i++) {
				publish("key.changed", Map.of("fingerprint", "BB", "change", "ignored"));
			}
			publish("key.changed", Map.of());
		}).thenRequest(1).expectNext("").thenRequest(Long.MAX_VALUE).expectNext("").thenCancel().verify(LONG);
	}

}
