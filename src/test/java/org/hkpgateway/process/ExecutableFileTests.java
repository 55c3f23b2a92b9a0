package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ExecutableFileTests {

	@TempDir
	private Path directory;

	@Test
	void script() throws IOException {
		assertThat(describe("#!/bin/sh -e\nexit\n")).contains("mode rwxr-xr-x, owner ")
			.endsWith("script for /bin/sh -e)");
	}

	@Test
	void scriptWithoutItsInterpreter() throws IOException {
		assertThat(describe("#! /no/such/shell\n"))
			.endsWith("script for /no/such/shell, which does not exist here or is not executable)");
	}

	@Test
	void scriptWithCarriageReturns() throws IOException {
		assertThat(describe("#!/bin/sh\r\nexit\r\n"))
			.endsWith("script for /bin/sh, with a carriage return behind it: save the script with Unix line ends)");
	}

	@Test
	void elfOfAnotherMachine() throws IOException {
		byte[] head = new byte[64];
		System.arraycopy(new byte[] { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, 0, head, 0, 7);
		head[18] = (byte) 0xb7;
		Path file = Files.write(this.directory.resolve("elf"), head);
		assertThat(ExecutableFile.describe(file))
			.endsWith("ELF for aarch64, this machine is " + System.getProperty("os.arch") + ")");
	}

	@Test
	void emptyAndOther() throws IOException {
		assertThat(describe("")).endsWith("empty)");
		assertThat(describe("hello")).endsWith("neither an ELF executable nor a script with #!)");
	}

	@Test
	void missing() {
		assertThat(ExecutableFile.describe(this.directory.resolve("none"))).contains("which cannot be read: ");
	}

	private String describe(String text) throws IOException {
		return ExecutableFile.describe(TestPlugins.executable(this.directory.resolve("file"), text));
	}

}
