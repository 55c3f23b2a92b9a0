package org.hkpgateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.hkpgateway.conformance.Check;
import org.hkpgateway.plugin.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class VerifyOptionsTests {

	@TempDir
	Path root;

	@Test
	void directoryAloneMeansAllChecksAndTransports() throws UsageException {
		VerifyOptions options = parse();
		assertThat(options.request().directory()).isEqualTo(this.root);
		assertThat(options.request().checks()).containsExactlyInAnyOrder(Check.values());
		assertThat(options.request().transport()).isNull();
		assertThat(options.request().config()).isEmpty();
		assertThat(options.junit()).isNull();
	}

	@Test
	void checksAreNamedByIdOrGroup() throws UsageException {
		assertThat(parse("--only", "cookie,stream.ids", "--skip=cookie.exit").request().checks())
			.containsExactlyInAnyOrder(Check.COOKIE_MESSAGE, Check.COOKIE_SILENCE, Check.STREAM_IDS);
		assertThat(parse("--skip", "deadline").request().checks()).containsExactlyInAnyOrderElementsOf(
				EnumSet.complementOf(EnumSet.of(Check.DEADLINE_KEPT, Check.DEADLINE_PASSED)));
	}

	@Test
	void configurationIsJsonOrAFile() throws UsageException, IOException {
		Map<String, Object> expected = Map.of("a", 1, "b", List.of("x"));
		assertThat(parse("--config", "{\"a\":1,\"b\":[\"x\"]}").request().config()).isEqualTo(expected);
		Path file = Files.writeString(this.root.resolve("config.json"), "{\"a\":1,\"b\":[\"x\"]}");
		assertThat(parse("--config=" + file).request().config()).isEqualTo(expected);
	}

	@Test
	void transportAndReport() throws UsageException {
		VerifyOptions options = parse("--transport=secret", "--junit", this.root.resolve("r.xml").toString());
		assertThat(options.request().transport()).isEqualTo(Transport.SECRET);
		assertThat(options.junit()).isEqualTo(this.root.resolve("r.xml"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "--only", "--only cokie", "--only=cookie,,info", "--colour=1", "--transport tls",
			"--junit /no/such/directory/r.xml", "--config {", "--config [1]", "--config /no/such/file",
			"--config {\"a\":null}", "another", "--only=cookie --skip=cookie" })
	void wrongOnesAreNamed(String line) {
		assertThatExceptionOfType(UsageException.class).isThrownBy(() -> parse(line.split(" ")))
			.withMessageContaining("expected: ")
			.withMessageContaining("got: ");
	}

	@Test
	void noDirectoryIsNamed() {
		assertThatExceptionOfType(UsageException.class).isThrownBy(() -> VerifyOptions.parse(List.of("--only", "info")))
			.withMessage("expected: a directory, got: nothing");
	}

	private VerifyOptions parse(String... more) throws UsageException {
		return VerifyOptions.parse(Stream.concat(Stream.of(this.root.toString()), Arrays.stream(more)).toList());
	}

}
