package org.hkpgateway.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.RenderedChart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What the Helm chart makes of values is a configuration of this gateway, file and
 * environment.
 */
class ChartConfigurationTests {

	private static final Path VALUES = Path.of(System.getProperty("hkp.root", ".."), "helm/hkp-gateway/ci");

	/** What an operator's own Secret may have. */
	private static final Map<String, String> SECRETS = Map.of("token", "for-tests-only-0123456789abcdef0123456789",
			"user", "operator", "password", "for-tests-only", "url", "redis://:for-tests-only@redis:6379/1");

	static List<Path> valuesFiles() throws IOException {
		try (Stream<Path> files = Files.list(VALUES)) {
			return files.sorted().toList();
		}
	}

	@ParameterizedTest
	@MethodSource("valuesFiles")
	void isOneOfTheGateway(Path values) throws IOException {
		RenderedChart chart = RenderedChart.of(Files.readString(values));
		HkpProperties properties = bind(chart);
		Map<String, String> environment = environment(chart);
		assertThat(properties.management().token()).isNotEmpty().isEqualTo(environment.get("HKP_MANAGEMENT_TOKEN"));
		assertThat(properties.management().user()).isEqualTo(environment.getOrDefault("HKP_MANAGEMENT_USER", ""));
		assertThat(properties.management().password())
			.isEqualTo(environment.getOrDefault("HKP_MANAGEMENT_PASSWORD", ""));
		assertThat(properties.cluster().redis().url()).isEqualTo(environment.getOrDefault("HKP_CLUSTER_REDIS_URL", ""));
	}

	@Test
	void valuesArriveThere() throws IOException {
		HkpProperties properties = bind(RenderedChart.of(Files.readString(VALUES.resolve("everything-values.yaml"))));
		assertThat(properties.upstream().urls()).hasToString("[http://[2001:db8::1]:11371]");
		assertThat(properties.shutdown().preStop()).hasMillis(1500);
		assertThat(properties.shutdown().drain()).hasMinutes(2);
		assertThat(properties.cluster().redis().onFailure()).isEqualTo(HkpProperties.Redis.OnFailure.FAIL);
		assertThat(properties.cluster().redis().url()).isEqualTo("redis://:secret@redis:6379/1");
		assertThat(properties.management().user()).isEqualTo("operator");
		assertThat(properties.management().password()).isEqualTo("a password: with \"quotes\"");
		assertThat(properties.management().allowedHosts()).contains("manage.example.org", "keys-front-management.pgp");
		assertThat(properties.plugins().directories()).containsExactly(Path.of("/opt/hkp-gateway/plugins"),
				Path.of("/plugins"));
		assertThat(properties.plugins().remote()).containsOnlyKeys("b");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			config: {hkp: {edge: {max-bodies: 8MB}}}                     | hkp.edge.max-bodies
			config: {hkp.edge.max-body: big}                             | hkp.edge.max-body
			config: {hkp: {state: {max-keys: 1.5}}}                      | hkp.state.max-keys
			extraEnv: [{name: HKP_MANAGMENT_TOKEN, value: a}]            | hkp.managment.token
			extraEnv: [{name: HKP_STATE_MAXKEYS, value: many}]           | hkp.state.max-keys
			""")
	void whatTheGatewayDoesNotKnowIsFound(String values, String key) {
		RenderedChart chart = RenderedChart.of("""
				upstream: {urls: ["http://keys:11371"]}
				management: {existingSecret: own}
				%s
				""".formatted(values));
		assertThatThrownBy(() -> bind(chart))
			.satisfies((failure) -> assertThat(ConfigurationReader.describe(failure)).containsIgnoringCase(key));
	}

	/**
	 * As {@link ConfigurationReader} does, which takes this process's environment and
	 * lets what is unknown in it pass.
	 */
	private static HkpProperties bind(RenderedChart chart) {
		List<PropertySource<?>> sources = new ArrayList<>();
		// The end of the name says that its keys are variables.
		sources.add(new SystemEnvironmentPropertySource(
				"chart-" + StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
				new LinkedHashMap<>(environment(chart))));
		try {
			sources.addAll(new YamlPropertySourceLoader().load("application.yml",
					new ByteArrayResource(chart.applicationYml().getBytes(UTF_8))));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return new Binder(ConfigurationPropertySources.from(sources)).bindOrCreate("hkp",
				Bindable.of(HkpProperties.class),
				new WholeNumbers(new NoUnboundElementsBindHandler(BindHandler.DEFAULT)));
	}

	/** Of the gateway's container, with Secrets of the chart or as an operator's own. */
	private static Map<String, String> environment(RenderedChart chart) {
		return chart.environment(chart.container("gateway"), SECRETS);
	}

}
