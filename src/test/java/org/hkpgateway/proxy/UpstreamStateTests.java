package org.hkpgateway.proxy;

import java.net.ConnectException;
import java.time.Duration;

import io.netty.channel.ConnectTimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UpstreamState}.
 */
class UpstreamStateTests {

	private final UpstreamState state = new UpstreamState("keys.example:11371",
			new UpstreamSettings.Health(Duration.ofSeconds(10), Duration.ofSeconds(2), 3, 2));

	@Test
	void itIsUpAtFirst() {
		assertThat(this.state.isUp()).isTrue();
	}

	@Test
	void itIsDownAfterThreeFailuresInARow() {
		this.state.failed("a");
		this.state.failed("b");
		assertThat(this.state.isUp()).isTrue();
		this.state.failed("c");
		assertThat(this.state.isUp()).isFalse();
	}

	@Test
	void aGoodCheckInBetweenStartsTheCountAnew() {
		this.state.failed("a");
		this.state.failed("b");
		this.state.passed();
		this.state.failed("c");
		this.state.failed("d");
		assertThat(this.state.isUp()).isTrue();
	}

	@Test
	void aRefusedConnectionIsEnough() {
		this.state.unreachable(new ConnectException("refused"));
		assertThat(this.state.isUp()).isFalse();
	}

	@Test
	void aConnectionThatDoesNotComeInTimeIsOneFailure() {
		this.state.unreachable(new ConnectTimeoutException("slow"));
		assertThat(this.state.isUp()).isTrue();
		this.state.failed("slow");
		this.state.unreachable(new ConnectTimeoutException("slow"));
		assertThat(this.state.isUp()).isFalse();
	}

	@Test
	void itIsUpAgainAfterTwoGoodChecksInARow() {
		this.state.unreachable(new ConnectException("refused"));
		this.state.passed();
		this.state.failed("again");
		this.state.passed();
		assertThat(this.state.isUp()).isFalse();
		this.state.passed();
		assertThat(this.state.isUp()).isTrue();
	}

}
