package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ProgramsTests {

	@TempDir
	private Path directory;

	@Test
	void theFirstOnThePathThatWorks() throws IOException {
		Path broken = Files.createDirectory(this.directory.resolve("broken"));
		TestPlugins.executable(broken.resolve("wrap"), "#!/bin/sh\necho 'unrecognized option'; exit 1\n");
		Path good = Files.createDirectory(this.directory.resolve("good"));
		TestPlugins.executable(good.resolve("wrap"), "#!/bin/sh\n[ \"$1\" = --option ]\n");
		Programs programs = new Programs(Map.of("PATH", "relative::" + broken + ":" + good));
		assertThat(programs.wrapper("wrap", List.of("--option"))).isEqualTo(new Programs.Found(good + "/wrap", ""));
		assertThat(new Programs(Map.of("PATH", broken.toString())).wrapper("wrap", List.of()))
			.isEqualTo(new Programs.Found(null, broken + "/wrap does not work: unrecognized option"));
		assertThat(programs.program("none").problem()).startsWith("no program none on PATH relative::");
	}

	@Test
	void trialsSeeNothingOfTheGatewaysEnvironment() {
		assertThat(System.getenv()).hasSizeGreaterThan(1);
		String environment = String.valueOf(Programs.failure(List.of("sh", "-c", "env; exit 1")));
		assertThat(environment).contains("PATH=");
		assertThat(System.getenv().keySet())
			.filteredOn((name) -> !List.of("PATH", "PWD", "OLDPWD", "SHLVL", "_").contains(name))
			.noneMatch((name) -> environment.contains(name + "="));
	}

	@Test
	void failures() {
		assertThat(Programs.failure(List.of("true"))).isNull();
		assertThat(Programs.failure(List.of("sh", "-c", "exit 3"))).isEqualTo("exit code 3");
		assertThat(Programs.failure(List.of("/no/such/program"))).contains("No such file or directory");
	}

}
