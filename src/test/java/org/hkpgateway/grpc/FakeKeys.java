package org.hkpgateway.grpc;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.host.StorageAsker;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;

/**
 * Keys that a plugin has itself: what it does with a query is the query.
 */
final class FakeKeys {

	static final String FINGERPRINT = "00112233445566778899AABBCCDDEEFF00112233";

	private FakeKeys() {
	}

	static void answer(StorageQuery query, StreamObserver<StorageResponse> observer) {
		StorageResponse.Builder answer = StorageResponse.newBuilder().setSuccess(true).setTotalCount(1);
		switch (query.getQuery()) {
			case "declined" -> reply(observer, answer.setSuccess(false).setError("not mine"));
			case "hangs" -> {
			}
			case "fails" -> observer.onError(Status.UNKNOWN.withDescription("oops").asRuntimeException());
			case "no fingerprint" -> reply(observer, answer.addKeys(key(query).setFingerprint("0xABC")));
			case "negative" -> reply(observer, answer.addKeys(key(query).setCreationTime(-1)));
			case "too few" -> reply(observer, answer.addKeys(key(query)).addKeys(key(query)));
			case "too many" -> {
				for (int i = 0; i <= query.getLimit(); i++) {
					answer.addKeys(key(query));
				}
				reply(observer, answer.setTotalCount(answer.getKeysCount()));
			}
			case "no data" -> reply(observer, answer.addKeys(key(query).clearKeyData()));
			case "nobody" -> reply(observer, answer.setTotalCount(0));
			case "endless" -> reply(observer, answer.addKeys(key(query)).setTotalCount(Integer.MAX_VALUE));
			case "2500 keys" -> {
				for (int i = query.getOffset(); i < Math.min(2500, query.getOffset() + query.getLimit()); i++) {
					answer.addKeys(key(query).addUserIds("number " + i));
				}
				reply(observer, answer.setTotalCount(2500));
			}
			// It asks its host what it was asked.
			case "mirror" -> CompletableFuture
				.supplyAsync(() -> StorageAsker.ask(Map.of("type", "SEARCH", "query", "mirror")))
				.thenAccept((told) -> reply(observer, answer.addKeys(key(query).addUserIds("host: " + told.strip()))));
			default -> reply(observer, answer.addKeys(key(query)));
		}
	}

	private static KeyInfo.Builder key(StorageQuery query) {
		return KeyInfo.newBuilder()
			.setFingerprint(FINGERPRINT.toLowerCase(Locale.ROOT))
			.addUserIds(query.getType() + " " + query.getQuery() + " " + query.getOptionsMap())
			.setCreationTime(1)
			.setExpirationTime(2)
			.setRevoked(true)
			.setKeyData(ByteString.copyFromUtf8("key"));
	}

	private static void reply(StreamObserver<StorageResponse> observer, StorageResponse.Builder answer) {
		observer.onNext(answer.build());
		observer.onCompleted();
	}

}
