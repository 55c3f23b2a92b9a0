package org.hkpgateway.antiabuse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The table of cases in {@code cases/}, which every implementation of this plugin passes.
 */
@Timeout(60)
class CaseTableTests {

	private static final Path CASES = Path.of("cases");

	@TestFactory
	Stream<DynamicNode> cases() throws IOException {
		return files().stream()
			.map((file) -> DynamicContainer.dynamicContainer(file.getFileName().toString(),
					read(file).asList()
						.stream()
						.map(JsonElement::getAsJsonObject)
						.map((one) -> DynamicTest.dynamicTest(one.get("name").getAsString(), () -> Case.run(one)))));
	}

	@Test
	void namesAreUniqueAndEveryRuleIsThere() throws IOException {
		Set<String> rules = new HashSet<>();
		for (Path file : files()) {
			List<String> names = read(file).asList()
				.stream()
				.map((one) -> one.getAsJsonObject().get("name").getAsString())
				.toList();
			assertThat(names).as(file.toString()).isNotEmpty().doesNotHaveDuplicates();
			String text = Files.readString(file);
			for (String rule : List.of("block-list", "user-agent", "rate-limit", "hashquery-rate-limit", "upload",
					"harvest", "errors")) {
				if (text.contains("\"rule\": \"" + rule + "\"") && text.contains("\"observed\": \"" + rule)) {
					rules.add(rule);
				}
			}
		}
		assertThat(rules).hasSize(7);
	}

	@Test
	void aWrongExpectationFails() {
		JsonObject one = JsonParser.parseString(
				"""
						{"name": "x", "steps": [{"request": {"target": "/"}, "expect": {"status": 429, "rule": "rate-limit"}}]}""")
			.getAsJsonObject();
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> Case.run(one));
	}

	@Test
	void anUnknownMemberFails() {
		JsonObject one = JsonParser.parseString(
				"""
						{"name": "x", "steps": [{"request": {"target": "/", "cleint": "192.0.2.1"}, "expect": {"allow": true}}]}""")
			.getAsJsonObject();
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> Case.run(one)).withMessageContaining("cleint");
	}

	private static List<Path> files() throws IOException {
		try (Stream<Path> files = Files.list(CASES)) {
			return files.filter((file) -> file.toString().endsWith(".json")).sorted().toList();
		}
	}

	private static JsonArray read(Path file) {
		try {
			return JsonParser.parseString(Files.readString(file)).getAsJsonArray();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
