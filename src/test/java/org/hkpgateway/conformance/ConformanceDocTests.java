package org.hkpgateway.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code docs/conformance.md} and the code name the same checks, in the same words.
 */
class ConformanceDocTests {

	@Test
	void tableListsExactlyTheChecks() throws IOException {
		List<List<String>> rows = new ArrayList<>();
		for (String line : Files.readAllLines(GatewayProcess.root().resolve("docs/conformance.md"))) {
			List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
			if (cells.size() == 6 && cells.get(1).matches("`[a-z]+\\.[a-z0-9-]+`")) {
				rows.add(List.of(cells.get(1).replace("`", ""), cells.get(2), cells.get(4)));
				assertThat(cells.get(3)).describedAs("why %s is checked", cells.get(1)).isNotEmpty();
			}
		}
		assertThat(rows).isEqualTo(Arrays.stream(Check.values())
			.map((check) -> List.of(check.id(), check.title(), check.advice()))
			.toList());
	}

	@Test
	void idsAreUniqueAndFindTheirCheck() {
		List<String> ids = Arrays.stream(Check.values()).map(Check::id).toList();
		assertThat(ids).doesNotHaveDuplicates();
		for (Check check : Check.values()) {
			assertThat(Check.byId(check.id())).contains(check);
			assertThat(check.id()).startsWith(check.group() + ".");
		}
		assertThat(Check.byId("no.such")).isEmpty();
	}

	/** An option that names one group must not mean a check of another one. */
	@Test
	void noGroupIsNamedLikeACheck() {
		assertThat(new HashSet<>(Arrays.stream(Check.values()).map(Check::group).toList()))
			.allSatisfy((group) -> assertThat(Check.byId(group)).isEmpty());
	}

}
