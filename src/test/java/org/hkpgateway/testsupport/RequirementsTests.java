package org.hkpgateway.testsupport;

import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Requirements}.
 */
class RequirementsTests {

	@Test
	void programWhenPresentReturnsPath() {
		assertThat(Requirements.program("sh")).isExecutable();
	}

	@Test
	void programWhenMissingSkipsOrFails() {
		boolean required = Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"));
		assertThatExceptionOfType(required ? AssertionFailedError.class : TestAbortedException.class)
			.isThrownBy(() -> Requirements.program("no-such-program"))
			.withMessageContaining("no-such-program");
	}

	@Test
	void programThatDoesNotWorkSkipsOrFails() {
		boolean required = Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"));
		assertThat(Requirements.working("sh", "-c", "exit 0")).isExecutable();
		assertThatExceptionOfType(required ? AssertionFailedError.class : TestAbortedException.class)
			.isThrownBy(() -> Requirements.working("sh", "-c", "echo no namespaces >&2; exit 3"))
			.withMessageContaining("got: exit code 3: no namespaces");
	}

}
