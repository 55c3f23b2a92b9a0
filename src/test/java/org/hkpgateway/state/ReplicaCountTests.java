package org.hkpgateway.state;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link ReplicaCount}.
 */
class ReplicaCountTests {

	private final ReplicaCount count = new ReplicaCount();

	@Test
	void aGatewayKnowsOfItself() {
		assertThat(this.count.known()).isEqualTo(1);
	}

	@Test
	void moreCountAtOnceAndFewerAtTheThirdTime() {
		this.count.seen(2);
		assertThat(this.count.known()).isEqualTo(2);
		this.count.seen(3);
		assertThat(this.count.known()).isEqualTo(3);
		this.count.seen(1);
		this.count.seen(1);
		assertThat(this.count.known()).isEqualTo(3);
		this.count.seen(1);
		assertThat(this.count.known()).isEqualTo(1);
	}

}
