package org.hkpgateway.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What can be told of {@code config/compose} without Docker: it fits the gateway, and
 * what {@code docs/image.md} says of it.
 */
class ComposeFileTests {

	private static final Path ROOT = GatewayProcess.root();

	private static final Path COMPOSE = ROOT.resolve("config/compose");

	private static final Pattern WANTED = Pattern.compile("\\$\\{(\\w+):\\?");

	private final String guide = Files.readString(ROOT.resolve("docs/image.md"));

	private final Map<String, Map<String, Object>> services;

	ComposeFileTests() throws IOException {
		try (Reader reader = Files.newBufferedReader(COMPOSE.resolve("compose.yaml"))) {
			Map<String, Map<String, Map<String, Object>>> file = new Yaml().load(reader);
			this.services = file.get("services");
		}
	}

	@Test
	void theGatewayIsConfinedAsTheImageIsTested() {
		assertThat(this.services.get("gateway")).containsEntry("read_only", true)
			.containsEntry("cap_drop", List.of("ALL"))
			.containsEntry("security_opt", List.of("no-new-privileges:true"))
			.containsEntry("mem_limit", "1g")
			.containsKey("pids_limit")
			.doesNotContainKeys("privileged", "user", "network_mode");
	}

	/** {@code pre-stop}, {@code drain} and the 30 s of plugins. */
	@Test
	void theGatewayIsGivenTheTimeThatItTakesToStop() {
		assertThat(this.services.get("gateway")).containsEntry("stop_grace_period", "75s");
	}

	@Test
	void whatTheEnvironmentSetsAreKeysOfTheGateway() throws IOException {
		String reference = Files.readString(ROOT.resolve("docs/configuration.md"));
		Set<?> variables = ((Map<?, ?>) this.services.get("gateway").get("environment")).keySet();
		assertThat(variables).isNotEmpty()
			.allSatisfy((variable) -> assertThat(reference)
				.contains("| `" + variable.toString().toLowerCase(Locale.ROOT).replace('_', '.') + "` |"));
	}

	@Test
	void theGuideSetsWhatTheFileWants() throws IOException {
		Set<String> wanted = WANTED.matcher(Files.readString(COMPOSE.resolve("compose.yaml")))
			.results()
			.map((variable) -> variable.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(wanted).hasSize(4).allSatisfy((variable) -> assertThat(this.guide).contains("\n" + variable + "="));
	}

	@Test
	void whatIsMountedIsThereOrMadeAsTheGuideSays() {
		for (Map<String, Object> service : this.services.values()) {
			for (Object volume : (List<?>) service.getOrDefault("volumes", List.of())) {
				String from = volume.toString().split(":")[0];
				if (from.startsWith("./") && !Files.isDirectory(COMPOSE.resolve(from))) {
					assertThat(this.guide).containsPattern("(?m)^mkdir -p .*\\b" + from.substring(2) + "\\b");
				}
			}
		}
	}

	@Test
	void nobodyButTheGatewayIsReachedFromOutsideExceptForGossip() {
		Map<String, Object> published = this.services.entrySet()
			.stream()
			.filter((service) -> service.getValue().containsKey("ports"))
			.collect(Collectors.toMap(Map.Entry::getKey, (service) -> service.getValue().get("ports")));
		assertThat(published)
			.isEqualTo(Map.of("gateway", List.of("11371:11371"), "hockeypuck", List.of("11370:11370")));
		for (String inner : Arrays.asList("postgres", "redis")) {
			assertThat(this.services.get(inner)).containsEntry("networks", List.of("inside"));
		}
	}

}
