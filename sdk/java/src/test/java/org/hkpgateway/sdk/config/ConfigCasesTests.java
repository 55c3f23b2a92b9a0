package org.hkpgateway.sdk.config;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The table that all SDKs have in common: {@code sdk/cases}.
 */
class ConfigCasesTests {

	private static final Set<String> MEMBERS = Set.of("name", "of", "config", "text", "values", "unknown", "error");

	@TestFactory
	Stream<DynamicTest> cases() throws IOException {
		JsonObject table = table();
		JsonObject defaults = table.getAsJsonObject("defaults");
		return table.getAsJsonArray("cases")
			.asList()
			.stream()
			.map(JsonElement::getAsJsonObject)
			.map((one) -> DynamicTest.dynamicTest(one.get("name").getAsString(), () -> run(one, defaults)));
	}

	@Test
	void theTableIsWhole() throws IOException {
		List<JsonObject> cases = table().getAsJsonArray("cases")
			.asList()
			.stream()
			.map(JsonElement::getAsJsonObject)
			.toList();
		assertThat(cases).hasSizeGreaterThan(200)
			.extracting((one) -> one.get("name").getAsString())
			.doesNotHaveDuplicates();
		assertThat(cases).allSatisfy((one) -> assertThat(MEMBERS).containsAll(one.keySet()));
	}

	private static JsonObject table() throws IOException {
		return JsonParser.parseString(Files.readString(Path.of("../cases/configuration.json"))).getAsJsonObject();
	}

	private static void run(JsonObject one, JsonObject defaults) {
		boolean required = one.has("of") && one.get("of").getAsString().equals("required");
		String text = one.has("text") ? one.get("text").getAsString() : one.get("config").toString();
		RecordReader reader = new RecordReader();
		if (one.has("error")) {
			assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> read(reader, text, required))
				.withMessage(one.get("error").getAsString());
			return;
		}
		JsonObject expected = required ? new JsonObject() : defaults.deepCopy();
		one.getAsJsonObject("values").asMap().forEach(expected::add);
		JsonObject got = plain(read(reader, text, required)).getAsJsonObject();
		assertThat(got.keySet()).isEqualTo(expected.keySet());
		// As text, because numbers of JSON are compared as double otherwise.
		assertThat(got.keySet())
			.allSatisfy((key) -> assertThat(got.get(key)).hasToString(expected.get(key).toString()));
		assertThat(reader.unknown()).containsExactlyElementsOf(one.has("unknown")
				? one.getAsJsonArray("unknown").asList().stream().map(JsonElement::getAsString).toList() : List.of());
	}

	/** As {@link PluginConfig#as}, with a reader that tells what is unknown. */
	private static Record read(RecordReader reader, String text, boolean required) {
		Class<? extends Record> type = required ? Required.class : Settings.class;
		return PluginConfig.parse(text).as(type, reader);
	}

	/** What is read, as the table writes it. */
	private static JsonElement plain(@Nullable Object value) {
		if (value instanceof Optional<?> maybe) {
			return plain(maybe.orElse(null));
		}
		if (value instanceof Duration duration) {
			return new JsonPrimitive(duration.toMillis());
		}
		if (value instanceof Size size) {
			return new JsonPrimitive(size.bytes());
		}
		if (value instanceof Double number) {
			return new JsonPrimitive(new BigDecimal(BigDecimal.valueOf(number).stripTrailingZeros().toPlainString()));
		}
		if (value instanceof Enum<?> constant) {
			return new JsonPrimitive(constant.name().toLowerCase(Locale.ROOT));
		}
		if (value instanceof List<?> list) {
			JsonArray array = new JsonArray();
			list.forEach((item) -> array.add(plain(item)));
			return array;
		}
		if (value instanceof Map<?, ?> map) {
			JsonObject object = new JsonObject();
			map.forEach((name, item) -> object.add((String) name, plain(item)));
			return object;
		}
		if (value instanceof Record record) {
			return table(record);
		}
		if (value instanceof Boolean flag) {
			return new JsonPrimitive(flag);
		}
		if (value instanceof Number number) {
			return new JsonPrimitive(number);
		}
		return (value != null) ? new JsonPrimitive((String) value) : JsonNull.INSTANCE;
	}

	private static JsonObject table(Record record) {
		JsonObject object = new JsonObject();
		for (var component : record.getClass().getRecordComponents()) {
			try {
				object.add(RecordReader.key(component.getName()), plain(component.getAccessor().invoke(record)));
			}
			catch (ReflectiveOperationException ex) {
				throw new IllegalStateException(ex);
			}
		}
		return object;
	}

	enum Mode {

		OBSERVE, ENFORCE_ALL

	}

	record Limits(@Default("1") long low, @Default("10") long high) {

		Limits {
			if (low > high) {
				throw new IllegalArgumentException("low: expected: at most high, got: " + low);
			}
		}

	}

	record Agent(String pattern, @Default("1") @Range(min = 1, max = 10) int weight) {
	}

	record Settings(@Default("n") String text, @Default("4") @Range(min = 1, max = 100) int count,
			@Default("0") long whole, @Default("1") @Range(min = 1) long floor,
			@Default("1") @Range(max = 10) long ceiling, @Default("0.5") @Range(min = 0, max = 1) double share,
			@Default("1.5") double ratio, @Default("true") boolean flag,
			@Default("10s") @DurationRange(min = "1s", max = "1d") Duration window, @Default("0s") Duration delay,
			@Default("1s") @DurationRange(min = "1s") Duration pause,
			@Default("64KB") @Range(min = 1024, max = 1 << 20) Size body, @Default("0") Size most,
			@Default("1MB") @Range(max = 1 << 30) Size room, @Default("enforce_all") Mode mode, List<String> texts,
			@Range(min = 1, max = 10) List<Integer> counts, @Default("1s") List<Duration> waits, Limits limits,
			Map<String, Agent> agents, List<Agent> rules, @Range(min = 1) Optional<Long> maybe) {

		Settings {
			if (text.equals("bad") && flag) {
				throw new IllegalArgumentException("flag: expected: false with the text bad, got: true");
			}
		}

	}

	record Required(String name, @Range(min = 1, max = 100) int count, @Range(min = 0, max = 1) double share,
			boolean flag, @DurationRange(min = "1s", max = "1d") Duration window,
			@Range(min = 1024, max = 1 << 20) Size body, Mode mode) {
	}

}
