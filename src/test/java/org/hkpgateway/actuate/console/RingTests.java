package org.hkpgateway.actuate.console;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Ring}.
 */
class RingTests {

	private final Ring<String> ring = new Ring<>(3);

	@Test
	void anEmptyOneHasNothing() {
		assertThat(this.ring.after(0)).isEqualTo(new Ring.Later<>(List.of(), 0));
	}

	@Test
	void aReaderGetsWhatIsNewToHim() {
		this.ring.add("a");
		this.ring.add("b");
		assertThat(this.ring.after(0).items()).containsExactly("a", "b");
		assertThat(this.ring.after(1).items()).containsExactly("b");
		assertThat(this.ring.after(2).items()).isEmpty();
		assertThat(this.ring.after(2).last()).isEqualTo(2);
	}

	@Test
	void theOldestIsDroppedAndNumbersGoOn() {
		for (String item : new String[] { "a", "b", "c", "d", "e" }) {
			this.ring.add(item);
		}
		assertThat(this.ring.after(0).items()).containsExactly("c", "d", "e");
		assertThat(this.ring.after(1).items()).containsExactly("c", "d", "e");
		assertThat(this.ring.after(4).items()).containsExactly("e");
		assertThat(this.ring.after(0).last()).isEqualTo(5);
	}

}
