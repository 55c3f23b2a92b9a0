package org.hkpgateway.hkp;

import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link UploadOutcome}: what is claimed of keys.
 */
class UploadOutcomeTests {

	private static final String A = "A".repeat(40);

	private static final String B = "B".repeat(40);

	static Stream<Arguments> outcomes() {
		UploadAnswer one = new UploadAnswer.Counted(1, false);
		return Stream.of(
				arguments(named(true, key(A, KeyChange.IGNORED), key(B, KeyChange.INSERTED)), List.of(),
						List.of(key(A, KeyChange.IGNORED), key(B, KeyChange.INSERTED)), null),
				// Of one that was uploaded twice, what happened.
				arguments(named(true, key(A, KeyChange.IGNORED), key(A, KeyChange.UPDATED), key(A, KeyChange.INVALID)),
						List.of(), List.of(key(A, KeyChange.UPDATED)), null),
				arguments(named(true), List.of(key(A, null)), List.of(), null),
				arguments(named(false, key(A, KeyChange.INSERTED)), List.of(key(A, null), key(B, null)),
						List.of(key(A, KeyChange.INSERTED)), Unread.TOO_LONG),
				arguments(one, List.of(key(A, null)), List.of(key(A, KeyChange.UNKNOWN)), null),
				arguments(new UploadAnswer.Counted(2, false), List.of(key(A, null), key(A, null)),
						List.of(key(A, KeyChange.UNKNOWN)), null),
				// Keys beyond the beginning that was read.
				arguments(new UploadAnswer.Counted(2, false), List.of(key(A, null)), List.of(key(A, KeyChange.UNKNOWN)),
						Unread.NOT_NAMED),
				// Not all were taken, and nobody knows which.
				arguments(one, List.of(key(A, null), key(B, null)), List.of(key(A, null), key(B, null)),
						Unread.NOT_NAMED),
				arguments(new UploadAnswer.Counted(1, true), List.of(key(A, null)), List.of(key(A, null)),
						Unread.NOT_NAMED),
				arguments(new UploadAnswer.Unreadable(Unread.CODING, ""), List.of(key(A, null), key(A, null)),
						List.of(key(A, null)), Unread.CODING));
	}

	@ParameterizedTest
	@MethodSource
	void outcomes(UploadAnswer answer, List<UploadedKey> uploaded, List<UploadedKey> keys, @Nullable Unread unread) {
		UploadOutcome outcome = UploadOutcome.of(Operation.ADD, answer, () -> uploaded);
		assertThat(outcome.accepted()).isTrue();
		assertThat(outcome.keys()).isEqualTo(keys);
		assertThat(outcome.unread()).isEqualTo(unread);
	}

	@Test
	void nothingWasTaken() {
		for (UploadAnswer answer : List.of(new UploadAnswer.Refused(), named(true, key(A, KeyChange.INVALID)))) {
			assertThat(UploadOutcome.of(Operation.ADD, answer, () -> List.of(key(A, null))).accepted()).isFalse();
		}
		assertThat(UploadOutcome
			.of(Operation.ADD, named(true, key(A, KeyChange.INVALID), key(B, KeyChange.IGNORED)), List::of)
			.accepted()).isTrue();
	}

	@Test
	void ofDeletedKeysHockeypuckSaysNothing() {
		UploadOutcome outcome = UploadOutcome.of(Operation.DELETE, named(true), () -> List.of(key(A, null)));
		assertThat(outcome.keys()).containsExactly(key(A, KeyChange.DELETED));
		assertThat(UploadOutcome.of(Operation.DELETE, named(true, key(A, KeyChange.IGNORED)), List::of).keys())
			.containsExactly(key(A, KeyChange.IGNORED));
	}

	@ParameterizedTest
	@EnumSource
	void onlyUploadsAreUploads(Operation operation) {
		assertThat(operation.isUpload())
			.isEqualTo(List.of("add", "replace", "delete", "v2-add").contains(operation.word()));
	}

	private static UploadAnswer named(boolean whole, UploadedKey... keys) {
		return new UploadAnswer.Named(List.of(keys), whole);
	}

	private static UploadedKey key(String fingerprint, @Nullable KeyChange change) {
		return new UploadedKey(fingerprint, 4, change);
	}

}
