package org.hkpgateway.testsupport;

import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Confinement}.
 */
class ConfinementTests {

	@Test
	void saysForPodmanWhatIsRendered() {
		assertThat(options("{'runAsUser': 1, 'runAsGroup': 2, 'fsGroup': 3}",
				"{'readOnlyRootFilesystem': true, 'capabilities': {'drop': ['ALL']}, 'allowPrivilegeEscalation': false}"))
			.containsExactly("--user", "1:2", "--group-add", "3", "--read-only", "--read-only-tmpfs=false",
					"--cap-drop", "ALL", "--security-opt", "no-new-privileges");
	}

	@Test
	void aContainerBeatsItsPod() {
		assertThat(options("{'runAsUser': 1, 'runAsGroup': 2}", "{'runAsUser': 4}")).containsExactly("--user", "4:2");
	}

	@Test
	void refusesWhatItDoesNotKnow() {
		for (String unknown : List.of("{'privileged': true}", "{'seccompProfile': {'type': 'Unconfined'}}",
				"{'capabilities': {'drop': ['ALL'], 'add': ['SYS_ADMIN']}}")) {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> options("{}", unknown))
				.withMessageContaining("expected: a security context that is known");
		}
	}

	private static List<String> options(String pod, String container) {
		return Confinement.of(withContext(pod), withContext(container));
	}

	private static JsonNode withContext(String context) {
		return new JsonMapper().readTree("{\"securityContext\": " + context.replace('\'', '"') + "}");
	}

}
