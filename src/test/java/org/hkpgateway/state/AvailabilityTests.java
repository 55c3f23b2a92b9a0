package org.hkpgateway.state;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.state.Availability.Phase;
import org.hkpgateway.state.Availability.Status;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link Availability}, row by row of its table.
 */
class AvailabilityTests {

	private final AtomicLong nanos = new AtomicLong(5);

	private final List<String> changes = new ArrayList<>();

	private final Availability availability = new Availability(this.nanos::get,
			(phase, reason) -> this.changes.add(phase + " " + reason));

	@Test
	void startsWithoutAConnectionAndSaysNothing() {
		assertThat(this.availability.status()).isEqualTo(new Status(Phase.STARTING, 5, "not connected yet"));
		this.availability.missed("late");
		this.availability.missed("late");
		this.availability.missed("late");
		assertThat(this.availability.isUp()).isFalse();
		assertThat(this.changes).isEmpty();
	}

	@Test
	void aHeartbeatThatIsAnsweredMakesItUp() {
		this.availability.reached();
		this.availability.reached();
		assertThat(this.availability.isUp()).isTrue();
		assertThat(this.changes).containsExactly("UP ");
	}

	@Test
	void whatFailsAtTheStartIsToldOnce() {
		this.availability.lost("refused");
		this.nanos.set(9);
		this.availability.lost("wrong password");
		assertThat(this.changes).containsExactly("AWAY refused");
		assertThat(this.availability.status()).isEqualTo(new Status(Phase.AWAY, 5, "wrong password"));
	}

	@Test
	void aClosedConnectionMakesItAwayAndAHeartbeatUpAgain() {
		this.availability.reached();
		this.nanos.set(9);
		this.availability.lost("closed");
		assertThat(this.availability.status()).isEqualTo(new Status(Phase.AWAY, 9, "closed"));
		this.availability.reached();
		assertThat(this.changes).containsExactly("UP ", "AWAY closed", "UP ");
	}

	@Test
	void threeCommandsInARowWithoutAnAnswerMakeItAway() {
		this.availability.reached();
		this.availability.missed("late");
		this.availability.missed("late");
		this.availability.answered();
		this.availability.missed("late");
		this.availability.missed("late");
		assertThat(this.availability.isUp()).isTrue();
		this.availability.missed("late");
		assertThat(this.availability.isUp()).isFalse();
		this.availability.missed("late");
		assertThat(this.changes).containsExactly("UP ", "AWAY late");
		this.availability.reached();
		this.availability.missed("late");
		assertThat(this.availability.isUp()).isTrue();
	}

}
