package org.hkpgateway.grpc;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;

/**
 * Queries for keys, and what plugins answer, between domain and protocol.
 */
final class KeyConverter {

	private static final int MOST_USER_IDS = 1000;

	private KeyConverter() {
	}

	static StorageQuery toMessage(KeyProvider.Question question) {
		KeyQuery query = question.query();
		StorageQuery.Builder message = StorageQuery.newBuilder().setType(switch (query.type()) {
			case LOOKUP -> StorageQuery.Type.LOOKUP;
			case SEARCH -> StorageQuery.Type.SEARCH;
			case FETCH -> StorageQuery.Type.FETCH;
		}).setQuery(query.term()).setOffset(question.offset()).setLimit(question.limit());
		if (query.exact()) {
			message.putOptions("exact", "on");
		}
		return message.build();
	}

	/**
	 * Reads an answer.
	 * @param question what was asked
	 * @param answer what came
	 * @return nothing if the plugin leaves it to the keyserver
	 * @throws IllegalArgumentException if it breaks the protocol
	 */
	static Optional<KeyPage> toPage(KeyProvider.Question question, StorageResponse answer) {
		if (!answer.getSuccess()) {
			return Optional.empty();
		}
		int keys = answer.getKeysCount();
		check(keys <= question.limit(), "at most " + question.limit() + " keys", keys);
		long least = (long) question.offset() + keys;
		check(answer.getTotalCount() >= ((keys > 0) ? least : 0), "a total_count from " + least,
				answer.getTotalCount());
		boolean fetch = question.query().type() == KeyQuery.Type.FETCH;
		List<KeyInfo> infos = answer.getKeysList().stream().map((key) -> toInfo(key, fetch)).toList();
		return Optional.of(new KeyPage(infos, answer.getTotalCount()));
	}

	private static KeyInfo toInfo(org.hkpgateway.proto.KeyInfo key, boolean fetch) {
		check(key.getUserIdsCount() <= MOST_USER_IDS, "at most " + MOST_USER_IDS + " user ids of a key",
				key.getUserIdsCount());
		check(!fetch || !key.getKeyData().isEmpty(), "key_data of " + key.getFingerprint() + ", because of FETCH", 0);
		return new KeyInfo(key.getFingerprint().toUpperCase(Locale.ROOT), List.copyOf(key.getUserIdsList()),
				key.getCreationTime(), key.getExpirationTime(), key.getRevoked(),
				fetch ? key.getKeyData().toByteArray() : new byte[0]);
	}

	private static void check(boolean holds, String expected, int got) {
		if (!holds) {
			throw new IllegalArgumentException("expected: " + expected + ", got: " + got);
		}
	}

}
