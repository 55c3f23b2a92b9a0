package org.hkpgateway.sdk.test;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.host.KeyStorage;
import org.hkpgateway.sdk.host.Reader;

/**
 * Keys in memory. A key is found by the end of its fingerprint, or by a text in a user
 * id.
 */
public final class FakeKeys implements KeyStorage {

	private static final String GRANT = "storage.query";

	private static final int DEFAULT_LIMIT = 100;

	private final FakeHost host;

	private final List<KeyInfo> keys = new CopyOnWriteArrayList<>();

	FakeKeys(FakeHost host) {
		this.host = host;
	}

	/**
	 * Adds a key.
	 * @param key the key, with its packets if they may be fetched
	 */
	public void add(KeyInfo key) {
		this.keys.add(key);
	}

	@Override
	public CompletionStage<KeyPage> query(KeyQuery query) {
		return this.host.answer(GRANT, () -> {
			List<KeyInfo> found = find(query);
			int limit = (query.limit() != 0) ? query.limit() : DEFAULT_LIMIT;
			return new KeyPage(found.stream().skip(query.offset()).limit(limit).toList(), found.size());
		});
	}

	/** As it answers at once, always within the limit. */
	@Override
	public CompletionStage<KeyPage> query(KeyQuery query, Duration limit) {
		return query(query);
	}

	@Override
	public CompletionStage<Long> stream(KeyQuery query, Duration limit, Reader<KeyInfo> reader) {
		HostException refusal = this.host.refusal(GRANT);
		if (refusal != null) {
			return CompletableFuture.failedFuture(refusal);
		}
		long number = 0;
		try {
			for (KeyInfo key : find(query)) {
				reader.read(key);
				number++;
			}
		}
		catch (Exception ex) {
			return CompletableFuture.failedFuture(ex);
		}
		return CompletableFuture.completedFuture(number);
	}

	private List<KeyInfo> find(KeyQuery query) {
		return this.keys.stream()
			.filter((key) -> matches(query, key))
			.map((key) -> (query.type() == KeyQuery.Type.FETCH) ? key : withoutData(key))
			.toList();
	}

	private static boolean matches(KeyQuery query, KeyInfo key) {
		String hex = query.term().replaceFirst("^0x", "").toUpperCase(Locale.ROOT);
		if (hex.matches("[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64}")
				&& key.fingerprint().endsWith(hex)) {
			return true;
		}
		String text = query.term().toLowerCase(Locale.ROOT);
		return query.type() != KeyQuery.Type.LOOKUP && key.userIds()
			.stream()
			.map((id) -> id.toLowerCase(Locale.ROOT))
			.anyMatch((id) -> query.exact() ? id.equals(text) || id.endsWith("<" + text + ">") : id.contains(text));
	}

	private static KeyInfo withoutData(KeyInfo key) {
		return new KeyInfo(key.fingerprint(), key.userIds(), key.created(), key.expires(), key.revoked(),
				ByteBuffer.allocate(0));
	}

}
