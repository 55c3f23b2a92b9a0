package org.hkpgateway.sdk;

import java.time.Instant;
import java.util.Optional;

import com.google.protobuf.ByteString;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;

/**
 * Questions about keys, and keys, between the protocol and the types that authors see.
 */
final class KeyMessages {

	private static final int SHORT_ID = 16;

	private KeyMessages() {
	}

	static StorageQuery query(KeyQuery query) {
		StorageQuery.Builder message = StorageQuery.newBuilder()
			.setType(StorageQuery.Type.valueOf(query.type().name()))
			.setQuery(query.term())
			.setOffset(query.offset())
			.setLimit(query.limit());
		if (query.exact()) {
			message.putOptions("exact", "on");
		}
		return message.build();
	}

	/**
	 * Reads a question of the gateway.
	 * @param message the question
	 * @return the question
	 * @throws IllegalArgumentException if it is none
	 */
	static KeyQuery query(StorageQuery message) {
		return new KeyQuery(switch (message.getType()) {
			case LOOKUP -> KeyQuery.Type.LOOKUP;
			case SEARCH -> KeyQuery.Type.SEARCH;
			case FETCH -> KeyQuery.Type.FETCH;
			case UNRECOGNIZED -> throw new IllegalArgumentException(
					"type: expected: LOOKUP, SEARCH or FETCH, got: " + message.getTypeValue());
		}, message.getQuery(), "on".equals(message.getOptionsMap().get("exact")), message.getOffset(),
				message.getLimit());
	}

	static KeyPage page(StorageResponse message) {
		if (!message.getSuccess()) {
			throw new IllegalArgumentException(message.getError());
		}
		return new KeyPage(message.getKeysList().stream().map(KeyMessages::info).toList(), message.getTotalCount());
	}

	static StorageResponse response(KeyPage page) {
		StorageResponse.Builder message = StorageResponse.newBuilder().setSuccess(true).setTotalCount(page.total());
		page.keys().forEach((key) -> message.addKeys(info(key)));
		return message.build();
	}

	static KeyInfo info(org.hkpgateway.proto.KeyInfo message) {
		return new KeyInfo(message.getFingerprint(), message.getUserIdsList(), time(message.getCreationTime()),
				time(message.getExpirationTime()), message.getRevoked(), message.getKeyData().asReadOnlyByteBuffer());
	}

	private static org.hkpgateway.proto.KeyInfo info(KeyInfo key) {
		String fingerprint = key.fingerprint();
		// Of a version 4 key its end; of newer ones its beginning.
		String id = switch (fingerprint.length()) {
			case 40 -> fingerprint.substring(40 - SHORT_ID);
			case 64 -> fingerprint.substring(0, SHORT_ID);
			default -> "";
		};
		return org.hkpgateway.proto.KeyInfo.newBuilder()
			.setFingerprint(fingerprint)
			.setKeyId(id)
			.addAllUserIds(key.userIds())
			.setCreationTime(seconds(key.created()))
			.setExpirationTime(seconds(key.expires()))
			.setRevoked(key.revoked())
			.setKeyData(ByteString.copyFrom(key.data()))
			.build();
	}

	private static Optional<Instant> time(long seconds) {
		return (seconds != 0) ? Optional.of(Instant.ofEpochSecond(seconds)) : Optional.empty();
	}

	private static long seconds(Optional<Instant> time) {
		return time.map(Instant::getEpochSecond).orElse(0L);
	}

}
