package org.hkpgateway.conformance;

import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class CorpusTests {

	private final List<CorpusItem> corpus = Corpus.of(TestSpec.named("fake").build());

	@Test
	void hasEveryOperation() {
		Set<Operation> operations = EnumSet.noneOf(Operation.class);
		this.corpus.stream()
			.map((item) -> item.event().hkp())
			.filter(Objects::nonNull)
			.map(HkpRequest::operation)
			.forEach(operations::add);
		assertThat(operations).containsExactlyInAnyOrder(Operation.values());
	}

	@Test
	void namesAndIdsAreUnique() {
		assertThat(this.corpus).extracting(CorpusItem::name).doesNotHaveDuplicates();
		assertThat(this.corpus).extracting((item) -> item.event().id()).doesNotHaveDuplicates();
	}

	@Test
	void hashqueryHasNoHost() {
		assertThat(event(this.corpus, "sks-hashquery").head().headers().contains("Host")).isFalse();
	}

	@Test
	void bodiesAreShownAsFarAsTheGatewayWould() {
		assertThat(event(this.corpus, "upload-large").body().state()).isEqualTo(RequestBody.State.WITHHELD);
		RequestEvent prefix = event(Corpus.of(spec(BodyMode.PREFIX)), "upload-large");
		assertThat(prefix.body().state()).isEqualTo(RequestBody.State.PREFIX);
		assertThat(prefix.body().bytes().remaining()).isEqualTo(64 * 1024);
		assertThat(prefix.body().length()).isEqualTo(1_550_000);
		assertThat(event(Corpus.of(spec(BodyMode.FULL)), "upload-large").body().bytes().remaining())
			.isEqualTo(1_550_000);
	}

	@Test
	void credentialsAreOnlyThereWithTheGrant() {
		assertThat(this.corpus).extracting(CorpusItem::name).doesNotContain("credentials");
		PluginSpec spec = TestSpec.named("fake").granted(Capability.HTTP_CREDENTIALS).build();
		assertThat(Corpus.of(spec)).extracting(CorpusItem::name).contains("credentials");
	}

	private static PluginSpec spec(BodyMode body) {
		return TestSpec.named("fake").body(body, 64 * 1024).build();
	}

	private static RequestEvent event(List<CorpusItem> corpus, String name) {
		return corpus.stream().filter((item) -> item.name().equals(name)).findFirst().orElseThrow().event();
	}

}
