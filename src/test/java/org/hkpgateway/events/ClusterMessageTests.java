package org.hkpgateway.events;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ClusterMessage}.
 */
class ClusterMessageTests {

	private static final String REPLICA = "0123abcd-0123-0123-0123-0123456789ab";

	private static final String GOOD = "{\"v\":1,\"replica\":\"" + REPLICA
			+ "\",\"source\":\"alpha\",\"number\":3,\"sequence\":17,\"type\":\"plugin.alpha.banned\","
			+ "\"at\":1700000000123,\"metadata\":{\"k\":\"v\"},\"later\":[1]}\n{\"a\":1}";

	private static Event event(String message) {
		return ClusterMessage.read(message.getBytes(StandardCharsets.UTF_8)).event();
	}

	@Test
	void aMessageIsAnEvent() {
		assertThat(event(GOOD)).isEqualTo(new Event(REPLICA + "-alpha-17", "plugin.alpha.banned", REPLICA, "alpha", 17,
				3, Instant.ofEpochMilli(1_700_000_000_123L), "{\"a\":1}", Map.of("k", "v")));
	}

	@Test
	void anEventIsAMessage() {
		Map<String, String> metadata = new HashMap<>();
		for (int i = 0; i < PluginEvents.MAX_METADATA; i++) {
			// The worst that is allowed: each character takes six bytes.
			metadata.put("\u0001" + i, "\u0001".repeat(250));
		}
		Event event = new Event(REPLICA + "-gateway-9", "key.changed", REPLICA, "gateway", 9, 9,
				Instant.ofEpochMilli(5), "{\"a\":\"" + "x".repeat(PluginEvents.MAX_DATA_BYTES - 8) + "\"}", metadata);
		byte[] message = ClusterMessage.write(event);
		assertThat(message.length).isLessThanOrEqualTo(ClusterMessage.MAX_BYTES);
		assertThat(ClusterMessage.read(message).event()).isEqualTo(event);
	}

	@Test
	void whatOthersWouldRefuseIsNotSent() {
		Event event = new Event("", "key.changed", REPLICA, "gateway", 9, 9, Instant.EPOCH,
				"x".repeat(PluginEvents.MAX_DATA_BYTES + 1), Map.of());
		assertThatIllegalArgumentException().isThrownBy(() -> ClusterMessage.write(event))
			.withMessage("data: expected: at most 65536 bytes, got: '65537'");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = { "\"v\":1|\"v\":2|v: expected: 1, got: '2'",
			"\"v\":1|\"v\":\"1\"|v: expected: 1", "{\"v\":1|[{\"v\":1|head: expected: one JSON object",
			"{\"v\":1|{\"v\":|head: expected: one JSON object", REPLICA + "|gateway-a|replica: expected: a UUID",
			"\"" + REPLICA + "\"|7|replica: expected: a text", "\"alpha\"|\"Alpha\"|plugin name: expected: ",
			"\"alpha\"|\"beta\"|type: expected: plugin.beta.<words>, got: 'plugin.alpha.banned'",
			"\"alpha\"|\"gateway\"|type: expected: one that concerns all replicas, got: 'plugin.alpha.banned'",
			"plugin.alpha.banned|key.changed|type: expected: plugin.alpha.<words>",
			"plugin.alpha.banned|plugin.alpha.|type: expected: words with dots",
			"plugin.alpha.banned|plugin.alpha.a b|type: expected: words with dots",
			":3|:0|number: expected: a whole number from 1, got: '0'", ":3|:3.5|number: expected: a whole number",
			":3|:99999999999999999999|number: expected: a whole number", ":3|:\"3\"|number: expected: a whole number",
			":17|:2|sequence: expected: a whole number from 3, got: '2'",
			":1700000000123|:-1|at: expected: a whole number from 0", "{\"k\":\"v\"}|[]|metadata: expected: an object",
			"{\"k\":\"v\"}|{\"k\":1}|metadata: expected: texts", "{\"a\":1}|[]|data: expected: one JSON object",
			"{\"a\":1}|{\"a\":|data: expected: one JSON object", "{\"a\":1}|{} {}|data: expected: one JSON object" })
	void whatIsNoEventIsRefused(String what, String instead, String message) {
		assertThat(GOOD).contains(what);
		assertThatIllegalArgumentException().isThrownBy(() -> event(GOOD.replace(what, instead)))
			.withMessageStartingWith(message);
	}

	/** A gateway tells itself what it has missed. */
	@Test
	void nobodySpeaksOfGapsForAnother() {
		assertThatIllegalArgumentException().isThrownBy(
				() -> event(GOOD.replace("\"alpha\"", "\"gateway\"").replace("plugin.alpha.banned", "cluster.joined")))
			.withMessageStartingWith("type: expected: one that concerns all replicas");
	}

	@Test
	void sizesAreBounded() {
		String data = "{\"a\":\"" + "x".repeat(PluginEvents.MAX_DATA_BYTES) + "\"}";
		assertThatIllegalArgumentException().isThrownBy(() -> event(GOOD.replace("{\"a\":1}", data)))
			.withMessage("data: expected: at most 65536 bytes, got: " + data.length());
		String head = "\"later\":\"" + "x".repeat(ClusterMessage.MAX_HEAD_BYTES) + "\"";
		assertThatIllegalArgumentException().isThrownBy(() -> event(GOOD.replace("\"later\":[1]", head)))
			.withMessageStartingWith("head: expected: at most ");
		StringBuilder many = new StringBuilder("{\"k\":\"v\"");
		for (int i = 0; i < PluginEvents.MAX_METADATA; i++) {
			many.append(",\"k").append(i).append("\":\"v\"");
		}
		assertThatIllegalArgumentException().isThrownBy(() -> event(GOOD.replace("{\"k\":\"v\"}", many + "}")))
			.withMessage("metadata: expected: at most 16, got: '17'");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> event(GOOD.replace("\"v\"}", "\"" + "v".repeat(4096) + "\"}")))
			.withMessageStartingWith("metadata: expected: at most 16 entries with 4096 characters");
		assertThatIllegalArgumentException().isThrownBy(() -> event("x".repeat(ClusterMessage.MAX_BYTES + 1)))
			.withMessageStartingWith("message: expected: at most ");
		assertThatIllegalArgumentException().isThrownBy(() -> event("{}"))
			.withMessage("message: expected: a line, and behind it data, got: '2 bytes without'");
	}

}
