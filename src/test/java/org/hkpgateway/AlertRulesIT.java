package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Prometheus' own tool says of the alert rules and of the dashboard's expressions,
 * and that both ask only for meters that there are.
 */
class AlertRulesIT {

	private static final Path CONFIG = GatewayProcess.root().resolve("config").toAbsolutePath().normalize();

	private static final Path RULES = CONFIG.resolve("prometheus");

	private static final Pattern ALERT = Pattern.compile("- alert: (\\w+)");

	private static final Pattern SERIES = Pattern.compile("\\bhkp_[a-z_]+");

	private static final Pattern METER = Pattern.compile("(?m)^\\| `hkp[a-z.]+` \\| `(hkp[a-z_]+)` \\| (\\w+) ");

	@TempDir
	private Path directory;

	@Test
	void eachAlertFiresWhenItShouldAndNotElse() throws IOException {
		promtool("check", "rules", "hkp-gateway.rules.yml");
		promtool("test", "rules", "hkp-gateway.rules_test.yml");
		String tests = Files.readString(RULES.resolve("hkp-gateway.rules_test.yml"));
		assertThat(alerts()).hasSizeGreaterThan(20)
			.allMatch((alert) -> tests.contains("alertname=\"" + alert + "\""), "has a test");
	}

	@Test
	void eachExpressionOfTheDashboardIsOne() throws IOException {
		List<String> expressions = dashboard();
		assertThat(expressions).hasSizeGreaterThan(50);
		StringBuilder rules = new StringBuilder("groups:\n- name: dashboard\n  rules:\n");
		JsonMapper json = new JsonMapper();
		for (int i = 0; i < expressions.size(); i++) {
			rules.append("  - record: d:").append(i).append("\n    expr: ");
			rules.append(json.writeValueAsString(expressions.get(i)
				.replace("$__rate_interval", "1m")
				.replace("$instance", ".*")
				.replace("$plugin", ".*"))).append('\n');
		}
		Path file = Files.writeString(this.directory.resolve("dashboard.yml"), rules);
		promtool("check", "rules", file.toString());
	}

	@Test
	void nothingIsAskedForThatIsNotThere() throws IOException {
		Set<String> there = METER.matcher(Files.readString(GatewayProcess.root().resolve("docs/metrics.md")))
			.results()
			.flatMap(AlertRulesIT::series)
			.collect(Collectors.toSet());
		String rules = Files.readString(RULES.resolve("hkp-gateway.rules.yml"));
		Set<String> asked = new TreeSet<>();
		SERIES.matcher(rules + String.join("\n", dashboard())).results().map(MatchResult::group).forEach(asked::add);
		assertThat(asked).hasSizeGreaterThan(40).isSubsetOf(there);
	}

	private static Stream<String> series(MatchResult meter) {
		String name = meter.group(1);
		return meter.group(2).equals("histogram") ? Stream.of(name + "_count", name + "_sum", name + "_bucket")
				: Stream.of(name);
	}

	private static Set<String> alerts() throws IOException {
		return ALERT.matcher(Files.readString(RULES.resolve("hkp-gateway.rules.yml")))
			.results()
			.map((alert) -> alert.group(1))
			.collect(Collectors.toSet());
	}

	private static List<String> dashboard() throws IOException {
		JsonNode dashboard = new JsonMapper().readTree(Files.readString(CONFIG.resolve("grafana/hkp-gateway.json")));
		List<String> expressions = new ArrayList<>();
		for (JsonNode panel : dashboard.path("panels")) {
			for (JsonNode target : panel.path("targets")) {
				expressions.add(target.path("expr").asString(""));
			}
		}
		return expressions;
	}

	private static void promtool(String... arguments) {
		List<String> command = new ArrayList<>(List.of(Requirements.program("promtool").toString()));
		command.addAll(List.of(arguments));
		Command.run(RULES, Duration.ofSeconds(60), new byte[0], command).orFail();
	}

}
