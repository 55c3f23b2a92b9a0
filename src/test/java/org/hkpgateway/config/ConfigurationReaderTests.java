package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ConfigurationReader}: it must see what a start would see.
 */
class ConfigurationReaderTests {

	@TempDir
	private Path directory;

	@Test
	void readsTheCommandLine() {
		assertThat(read("--hkp.plugins.chain-budget=7s").plugins().chainBudget()).isEqualTo(Duration.ofSeconds(7));
	}

	@Test
	void readsFilesOfProfilesAgainEachTime() throws IOException {
		Path file = Files.writeString(this.directory.resolve("application-site.yml"),
				"hkp.plugins: {chain-budget: 2s, directories: [/a, /b]}");
		ConfigurationReader reader = reader("--spring.config.additional-location=file:" + this.directory + "/",
				"--spring.profiles.active=site");
		assertThat(reader.read().plugins().chainBudget()).isEqualTo(Duration.ofSeconds(2));
		assertThat(reader.read().plugins().directories()).containsExactly(Path.of("/a"), Path.of("/b"));
		Files.writeString(file, "hkp.plugins.chain-budget: 3s");
		assertThat(reader.read().plugins().chainBudget()).isEqualTo(Duration.ofSeconds(3));
	}

	@Test
	void readsInlineJson() {
		HkpProperties read = read("--spring.application.json={\"hkp\":{\"plugins\":{\"directories\":[\"/here\"]}}}");
		assertThat(read.plugins().directories()).containsExactly(Path.of("/here"));
	}

	@Test
	void readsImportedFilesAndPlaceholders() throws IOException {
		Path secrets = Files.createDirectory(this.directory.resolve("secrets"));
		Files.writeString(secrets.resolve("budget"), "4s");
		Files.writeString(this.directory.resolve("application.yml"), """
				spring.config.import: "configtree:%s/"
				hkp.plugins.chain-budget: ${budget}
				hkp.plugins.settings.a.config.salt: ${random.uuid}
				""".formatted(secrets));
		HkpProperties read = read("--spring.config.additional-location=file:" + this.directory + "/");
		assertThat(read.plugins().chainBudget()).isEqualTo(Duration.ofSeconds(4));
		assertThat(String.valueOf(read.plugins().settings().get("a").config().get("salt"))).hasSize(36);
	}

	@Test
	void readsTheTokenOfARemotePluginFromAFile() throws IOException {
		Path secrets = Files.createDirectories(this.directory.resolve("secrets/hkp/plugins/remote/far"));
		Files.writeString(secrets.resolve("host-token"), "0123456789abcdef0123456789abcdef");
		Files.writeString(this.directory.resolve("application.yml"), """
				spring.config.import: "configtree:%s/"
				hkp.plugins.remote.far.address: far.example:9000
				hkp.plugins.host: {address: "127.0.0.1:11391", tls-bundle: host}
				""".formatted(this.directory.resolve("secrets")));
		HkpProperties read = read("--spring.config.additional-location=file:" + this.directory + "/");
		assertThat(read.plugins().remote().get("far").hostToken()).isEqualTo("0123456789abcdef0123456789abcdef");
	}

	@Test
	void anUnknownKeyAndAWrongValueAreNamed() {
		assertThat(ConfigurationReader.describe(catchThrowable(() -> read("--hkp.plugins.wacth=true"))))
			.contains("hkp.plugins.wacth");
		assertThat(
				ConfigurationReader.describe(catchThrowable(() -> read("--hkp.plugins.settings.a.max-concurrent=0"))))
			.contains("hkp.plugins.settings.a.max-concurrent: expected: a number above 0, got: 0");
	}

	@Test
	void whatCannotBeReadIsSaidWithWhatMayBe() throws IOException {
		assertThat(refused("--hkp.plugins.settings.a.fail=maybe"))
			.startsWith("hkp.plugins.settings.a.fail: expected: one of closed, open, got: maybe (");
		assertThat(refused("--hkp.edge.idle-timeout=soon"))
			.startsWith("hkp.edge.idle-timeout: expected: a duration, for example 10s or 5m, got: soon (");
		assertThat(refused("--hkp.edge.max-connections=many"))
			.startsWith("hkp.edge.max-connections: expected: a whole number, got: many (");
		assertThat(refused("--hkp.edge.max-body=big"))
			.startsWith("hkp.edge.max-body: expected: a size, for example 64KB or 16MB, got: big (");
		assertThat(refused("--hkp.plugins.watch=perhaps"))
			.startsWith("hkp.plugins.watch: expected: true or false, got: perhaps (");
		Files.writeString(this.directory.resolve("application.yml"), "hkp:\n  plugins:\n    isolation: some\n");
		assertThat(refused("--spring.config.additional-location=file:" + this.directory + "/"))
			.startsWith("hkp.plugins.isolation: expected: one of none, basic, strict, auto, got: some (")
			.endsWith("application.yml] - 3:16)");
	}

	/** Texts are refused anyhow, as on the command line; YAML has numbers. */
	@ParameterizedTest
	@ValueSource(strings = { "hkp.plugins.settings.a.max-concurrent", "hkp.plugins.settings.a.order",
			"hkp.plugins.remote.b.max-concurrent", "hkp.plugins.remote.b.order", "hkp.plugins.max-delayed",
			"hkp.state.max-keys", "hkp.upstream.max-connections", "hkp.edge.max-connections",
			"hkp.edge.max-connections-per-address", "hkp.edge.max-requests-per-address",
			"hkp.upstream.health.down-after", "hkp.upstream.health.up-after" })
	void aNumberWithAFractionIsNotCutOff(String key) throws IOException {
		String location = "--spring.config.additional-location=file:" + this.directory + "/";
		Path file = this.directory.resolve("application.yml");
		for (String value : List.of("1.5", "0.999", ".inf", ".nan")) {
			Files.writeString(file, key + ": " + value);
			assertThat(refused(location, "--hkp.plugins.remote.b.address=far.example:9")).as(value)
				.startsWith(key + ": expected: ")
				.contains("got: ", "application.yml] - 1:");
		}
		assertThat(refused(location)).contains(key + ": expected: a whole number, got: NaN (");
		Files.writeString(file, key + ": 3.0");
		assertThat(read(location, "--hkp.plugins.remote.b.address=far.example:9")).isNotNull();
		assertThat(refused("--" + key + "=1.5")).contains(key + ": expected: a whole number, got: 1.5");
		assertThat(refused("--spring.application.json={\"" + key + "\":1.5}"))
			.contains(key + ": expected: a whole number, got: 1.5");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "a: [b|2|1", "'a: {b: \"secret'|1|", "'a: b: c'|1|5", "'a: 1\na: 2'|2|1",
			"'a:\n\tb: 1'|2|1", "'a: !secret 1'|1|4", "'a: *secret'|1|4", "'a: !secret!b 1'|1|4" })
	void aFileThatIsNoYamlIsNamedWithThePlaceAndNotQuoted(String text, int line, Integer column) throws IOException {
		Path file = this.directory.resolve("application.yml");
		Files.writeString(file, "hkp.plugins.watch: true\n" + text + "\n");
		String refused = refused("--spring.config.additional-location=file:" + this.directory + "/");
		assertThat(refused).startsWith(file + ", line ")
			.contains(": expected: YAML, got: text that is none: ", "; Mend that line or one before it: ")
			.doesNotContain("secret");
		if (column != null) {
			assertThat(refused).startsWith(file + ", line " + (line + 1) + ", column " + column + ": ");
		}
	}

	/** As Spring Boot has it. */
	@Test
	void propertiesBeatYamlInTheSameDirectory() throws IOException {
		Files.writeString(this.directory.resolve("application.yml"), "hkp.plugins.chain-budget: 2s");
		Files.writeString(this.directory.resolve("application.properties"), "hkp.plugins.chain-budget=3s");
		assertThat(read("--spring.config.additional-location=file:" + this.directory + "/").plugins().chainBudget())
			.isEqualTo(Duration.ofSeconds(3));
	}

	@Test
	void aFileOfOtherBytesIsNamedToo() throws IOException {
		Path file = Files.write(this.directory.resolve("application.yml"), new byte[] { 'a', ':', ' ', 1 });
		assertThat(refused("--spring.config.additional-location=file:" + this.directory + "/"))
			.startsWith(file + ": expected: YAML, got: text that is none: ");
	}

	private static String refused(String... arguments) {
		return ConfigurationReader.describe(catchThrowable(() -> read(arguments)));
	}

	@Test
	void whatOnlyARestartAppliesIsNamed() {
		HkpProperties running = read();
		assertThat(ConfigurationReader.needRestart(running, read())).isEmpty();
		assertThat(ConfigurationReader.needRestart(running,
				read("--hkp.plugins.watch=true", "--hkp.readiness.required=always", "--hkp.edge.max-body=1MB",
						"--hkp.health.proof-of-call=1m", "--hkp.management.allowed-hosts=gateway.example",
						"--hkp.plugins.max-delay=1s", "--hkp.plugins.max-delayed=1",
						"--hkp.plugins.host.address=[::1]:11391", "--hkp.plugins.host.tls-bundle=host")))
			.containsExactly("hkp.edge.max-body", "hkp.readiness.required", "hkp.health.proof-of-call",
					"hkp.management.allowed-hosts", "hkp.plugins.watch", "hkp.plugins.max-delay",
					"hkp.plugins.max-delayed", "hkp.plugins.host.address", "hkp.plugins.host.tls-bundle");
	}

	/** Both budgets are an hour while a plugin is attached. */
	@Test
	void anAttachedPluginNeedsARestartBecauseOfTheBudgets() {
		assertThat(ConfigurationReader.needRestart(read(),
				read("--hkp.plugins.settings.a.attach=1|1|unix|/run/x.sock|grpc")))
			.containsExactly("hkp.plugins.chain-budget", "hkp.plugins.response-budget");
	}

	private static HkpProperties read(String... arguments) {
		return reader(arguments).read();
	}

	private static ConfigurationReader reader(String... arguments) {
		return new ConfigurationReader(arguments);
	}

}
