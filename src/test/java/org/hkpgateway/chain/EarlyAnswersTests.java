package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.hkpgateway.plugin.TestSpec;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EarlyAnswers}.
 */
class EarlyAnswersTests {

	private final List<CompletableFuture<Answered>> calls = new ArrayList<>();

	/** A request that is held back would keep it for long. */
	@Test
	void whatIsOverOrNotWantedIsNotKept() {
		Place place = new Place(new Filled(TestSpec.named("a").speculative().build(), null));
		EarlyAnswers answers = EarlyAnswers.ask(List.of(place, place), 0, (asked) -> {
			this.calls.add(new CompletableFuture<>());
			return new EarlyAnswers.Call(asked.chosen(), Requests.get("/"), this.calls.get(this.calls.size() - 1));
		});
		assertThat(answers.at(0)).isNotNull();
		this.calls.get(0).complete(new Answered(new Reply.NotAsked<>("x"), 1, 1));
		answers.drop(0);
		assertThat(answers.at(0)).isNull();
		assertThat(answers.at(1)).isNotNull();
		answers.close();
		assertThat(answers.at(1)).isNull();
		assertThat(answers.at(2)).isNull();
		assertThat(this.calls).extracting(CompletableFuture::isCancelled).containsExactly(false, true);
	}

}
