package org.hkpgateway.hkp;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * What came of an upload whose status says that it was taken.
 *
 * @param accepted false if the answer says that nothing was taken
 * @param keys each once, with what became of it if that is known
 * @param unread why not all is known; null if it is
 * @param detail of that, for the log; empty if all is known
 */
public record UploadOutcome(boolean accepted, List<UploadedKey> keys, @Nullable Unread unread, String detail) {

	public UploadOutcome {
		keys = List.copyOf(keys);
	}

	/**
	 * Puts together what is known. Nothing is claimed that the keyserver did not say: a
	 * key that SKS has taken is {@link KeyChange#UNKNOWN}, and one of an answer that
	 * cannot be read has no change at all.
	 * @param operation one that uploads
	 * @param answer the keyserver's
	 * @param uploaded keys of the upload, as far as they could be read; asked if the
	 * answer names none
	 * @return the outcome
	 */
	public static UploadOutcome of(Operation operation, UploadAnswer answer, Supplier<List<UploadedKey>> uploaded) {
		if (answer instanceof UploadAnswer.Named named) {
			return named(operation, named, uploaded);
		}
		if (answer instanceof UploadAnswer.Counted counted) {
			return counted(counted, uploaded.get());
		}
		if (answer instanceof UploadAnswer.Unreadable unreadable) {
			return new UploadOutcome(true, distinct(uploaded.get()), unreadable.why(), unreadable.detail());
		}
		return new UploadOutcome(false, List.of(), null, "");
	}

	private static UploadOutcome named(Operation operation, UploadAnswer.Named named,
			Supplier<List<UploadedKey>> uploaded) {
		List<UploadedKey> keys = distinct(named.keys());
		if (!named.whole()) {
			return new UploadOutcome(true, keys, Unread.TOO_LONG, "expected: at most " + UploadAnswer.MOST_BYTES
					+ " bytes, got: more; its first " + keys.size() + " keys are known");
		}
		if (keys.isEmpty() && operation == Operation.DELETE) {
			// Hockeypuck names those that were not deleted, and fails if there is none.
			List<UploadedKey> deleted = distinct(uploaded.get());
			return deleted.isEmpty() ? new UploadOutcome(true, deleted, Unread.NOT_NAMED,
					"expected: an upload whose keys can be read, or the names of those that were deleted, got: neither")
					: known(deleted, KeyChange.DELETED);
		}
		boolean accepted = keys.isEmpty() || keys.stream().anyMatch((key) -> key.change() != KeyChange.INVALID);
		return new UploadOutcome(accepted, keys, null, "");
	}

	private static UploadOutcome counted(UploadAnswer.Counted counted, List<UploadedKey> uploaded) {
		if (counted.others() || uploaded.size() > counted.taken()) {
			return new UploadOutcome(true, distinct(uploaded), Unread.NOT_NAMED,
					"expected: all keys taken, or the names of those that were, got: the number " + counted.taken());
		}
		if (uploaded.size() < counted.taken()) {
			return new UploadOutcome(true, known(distinct(uploaded), KeyChange.UNKNOWN).keys(), Unread.NOT_NAMED,
					"expected: an upload whose keys can be read in its beginning, got: " + uploaded.size() + " of "
							+ counted.taken());
		}
		return known(distinct(uploaded), KeyChange.UNKNOWN);
	}

	private static UploadOutcome known(List<UploadedKey> keys, KeyChange change) {
		return new UploadOutcome(true, keys.stream().map((key) -> key.with(change)).toList(), null, "");
	}

	/** Of several with one fingerprint, that to which most happened. */
	private static List<UploadedKey> distinct(Collection<UploadedKey> keys) {
		Map<String, UploadedKey> distinct = new LinkedHashMap<>();
		keys.forEach((key) -> distinct.merge(key.fingerprint(), key, UploadOutcome::weightier));
		return List.copyOf(distinct.values());
	}

	private static UploadedKey weightier(UploadedKey one, UploadedKey other) {
		return (one.change() == null || (other.change() != null && other.change().compareTo(one.change()) < 0)) ? other
				: one;
	}

}
