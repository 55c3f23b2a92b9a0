package org.hkpgateway.host;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.plugin.CallTrace;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.storage.KeyStorage;

/**
 * Queries for keys as the protocol has them: checks what plugins send, and asks the
 * storage.
 */
final class StorageCalls {

	static final int MOST_KEYS = 1000;

	private static final int DEFAULT_KEYS = 100;

	/** What gRPC lets a client accept unless it is told otherwise. */
	private static final int MOST_BYTES = 4 * 1024 * 1024;

	private final KeyStorage storage;

	StorageCalls(KeyStorage storage) {
		this.storage = storage;
	}

	void request(StorageQuery request, StreamObserver<StorageResponse> answer) {
		Reply.with(() -> {
			KeyQuery query = query(request);
			int limit = between("limit", request.getLimit(), MOST_KEYS);
			int offset = between("offset", request.getOffset(), Integer.MAX_VALUE);
			return CallTrace
				.with(CallerTrace.current(),
						this.storage.query(caller(), query, offset, (limit > 0) ? limit : DEFAULT_KEYS))
				.map(StorageCalls::response);
		}, answer);
	}

	void stream(StorageQuery request, StreamObserver<KeyInfo> answer) {
		StreamReply.with(() -> CallTrace.with(CallerTrace.current(), this.storage.stream(caller(), query(request)))
			.map(StorageCalls::info), answer);
	}

	private static PluginId caller() {
		return CallerIdentity.current().plugin().id();
	}

	private static KeyQuery query(StorageQuery request) {
		KeyQuery.Type type = switch (request.getType()) {
			case LOOKUP -> KeyQuery.Type.LOOKUP;
			case SEARCH -> KeyQuery.Type.SEARCH;
			case FETCH -> KeyQuery.Type.FETCH;
			case UNRECOGNIZED -> throw new IllegalArgumentException(
					"type: expected: LOOKUP, SEARCH or FETCH, got: " + request.getTypeValue());
		};
		return KeyQuery.of(type, request.getQuery(), request.getOptionsMap());
	}

	private static int between(String field, int value, int most) {
		if (value < 0 || value > most) {
			throw new IllegalArgumentException(field + ": expected: 0 to " + most + ", got: " + value);
		}
		return value;
	}

	private static StorageResponse response(KeyPage page) {
		StorageResponse.Builder response = StorageResponse.newBuilder().setSuccess(true).setTotalCount(page.total());
		page.keys().forEach((key) -> response.addKeys(info(key)));
		StorageResponse built = response.build();
		if (built.getSerializedSize() > MOST_BYTES) {
			throw Status.RESOURCE_EXHAUSTED
				.withDescription("expected: an answer of at most " + MOST_BYTES + " bytes, got: "
						+ built.getSerializedSize() + " for " + page.keys().size()
						+ " keys; ask for fewer with limit and offset, or use StreamStorage")
				.asRuntimeException();
		}
		return built;
	}

	private static KeyInfo info(org.hkpgateway.plugin.KeyInfo key) {
		return KeyInfo.newBuilder()
			.setFingerprint(key.fingerprint())
			.setKeyId(key.keyId())
			.addAllUserIds(key.userIds())
			.setCreationTime(key.created())
			.setExpirationTime(key.expires())
			.setRevoked(key.revoked())
			// Nobody changes what a storage has given out.
			.setKeyData(UnsafeByteOperations.unsafeWrap(key.data()))
			.build();
	}

}
