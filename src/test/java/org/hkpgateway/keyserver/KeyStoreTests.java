package org.hkpgateway.keyserver;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link KeyStore}.
 */
class KeyStoreTests {

	private final KeyStore store = new KeyStore(Limits.DEFAULT);

	private final TestKeys alice = new TestKeys();

	@Test
	void addWhenUnknownInserts() throws Exception {
		assertThat(this.store.add(this.alice.withUserIds("Alice"))).isEqualTo(KeyStore.Change.INSERTED);
		assertThat(this.store.size()).isEqualTo(1);
		assertThat(this.store.bytes()).isEqualTo(TestKeys.packets(this.alice.withUserIds("Alice")).length);
	}

	@Test
	void addWhenNothingIsNewIgnores() throws Exception {
		PGPPublicKeyRing ring = this.alice.withUserIds("Alice", "Alice Lab");
		this.store.add(ring);
		assertThat(this.store.add(ring)).isEqualTo(KeyStore.Change.IGNORED);
		assertThat(this.store.add(this.alice.withUserIds("Alice"))).isEqualTo(KeyStore.Change.IGNORED);
		assertThat(this.store.add(this.alice.withUserIds())).isEqualTo(KeyStore.Change.IGNORED);
	}

	@Test
	void addWhenSomethingIsNewKeepsOldAndNew() throws Exception {
		this.store.add(this.alice.withUserIds("Alice"));
		assertThat(this.store.add(this.alice.withUserIds("Alice Lab"))).isEqualTo(KeyStore.Change.UPDATED);
		StoredKey key = this.store.find((candidate) -> true).get(0);
		assertThat(key.userIds()).extracting(UserId::text).containsExactlyInAnyOrder("Alice", "Alice Lab");
		assertThat(this.store.size()).isEqualTo(1);
		assertThat(this.store.bytes()).isEqualTo(key.packets().length);
	}

	@Test
	void addWhenUserIdIsRevokedMergesRevocation() throws Exception {
		this.store.add(this.alice.withUserIds("Alice"));
		assertThat(this.store.add(this.alice.withRevokedUserId("Alice"))).isEqualTo(KeyStore.Change.UPDATED);
		assertThat(this.store.find((candidate) -> true).get(0).userIds()).singleElement()
			.matches(UserId::revoked, "revoked");
	}

	@Test
	void addWhenTooManyKeysRefusesNewKeysButTakesUpdates() throws Exception {
		KeyStore full = new KeyStore(new Limits(1, 1_000_000, 100, 1000, 100));
		full.add(this.alice.withUserIds("Alice"));
		assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> full.add(new TestKeys().withUserIds("Bob")))
			.matches((ex) -> ex.status() == 507);
		assertThat(full.add(this.alice.withUserIds("Alice Lab"))).isEqualTo(KeyStore.Change.UPDATED);
		assertThat(full.size()).isEqualTo(1);
	}

	@Test
	void addWhenTooManyBytesRefusesAndKeepsWhatIsThere() throws Exception {
		PGPPublicKeyRing ring = this.alice.withUserIds("Alice");
		KeyStore full = new KeyStore(new Limits(10, TestKeys.packets(ring).length, 100, 1000, 100));
		full.add(ring);
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> full.add(this.alice.withUserIds("Alice Lab")))
			.matches((ex) -> ex.status() == 507);
		assertThat(full.find((candidate) -> true)).singleElement()
			.matches((key) -> key.userIds().size() == 1, "one user ID");
		assertThat(full.bytes()).isEqualTo(TestKeys.packets(ring).length);
	}

	@Test
	void addWhenKeyHasOrWouldHaveTooManyPacketsRefuses() throws Exception {
		KeyStore small = new KeyStore(new Limits(10, 1_000_000, 5, 1000, 100));
		assertThat(small.add(this.alice.withUserIds("Alice", "Alice Lab"))).isEqualTo(KeyStore.Change.INSERTED);
		for (PGPPublicKeyRing ring : List.of(this.alice.withUserIds("Alice 3"),
				this.alice.withUserIds("1", "2", "3"))) {
			assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> small.add(ring))
				.matches((ex) -> ex.status() == 413);
		}
	}

	@Test
	@Timeout(20)
	void addWhenKeyHasManyPacketsMergesInSeconds() throws Exception {
		String[] userIds = IntStream.range(0, 1000).mapToObj((i) -> "Alice " + i).toArray(String[]::new);
		PGPPublicKeyRing ring = this.alice.withUserIds(userIds);
		this.store.add(ring);
		assertThat(this.store.add(this.alice.withUserIds("Alice Lab"))).isEqualTo(KeyStore.Change.UPDATED);
		assertThat(this.store.add(ring)).isEqualTo(KeyStore.Change.IGNORED);
	}

	@Test
	void findWhenTooManyMatchRefuses() throws Exception {
		KeyStore small = new KeyStore(new Limits(10, 1_000_000, 100, 1000, 1));
		small.add(this.alice.withUserIds("Alice"));
		small.add(new TestKeys().withUserIds("Bob"));
		assertThat(small.find((key) -> key.isNamed(this.alice.fingerprint()))).hasSize(1);
		assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> small.find((key) -> true))
			.matches((ex) -> ex.status() == 400);
	}

	@Test
	void isNamedKnowsFingerprintAndBothKeyIds() throws Exception {
		this.store.add(this.alice.withUserIds("Alice"));
		StoredKey key = this.store.find((candidate) -> true).get(0);
		String fingerprint = this.alice.fingerprint();
		assertThat(List.of(fingerprint, fingerprint.substring(24), fingerprint.substring(32))).allMatch(key::isNamed);
		assertThat(List.of(fingerprint.substring(0, 8), fingerprint.substring(0, 16), fingerprint.substring(8)))
			.noneMatch(key::isNamed);
	}

	@Test
	void addWhenConcurrentLosesNothing() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			List<Callable<KeyStore.Change>> updates = IntStream.range(0, 20)
				.mapToObj((i) -> (Callable<KeyStore.Change>) () -> this.store.add(this.alice.withUserIds("Alice " + i)))
				.toList();
			for (Future<KeyStore.Change> update : threads.invokeAll(updates, 30, TimeUnit.SECONDS)) {
				update.get();
			}
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(this.store.find((candidate) -> true)).singleElement()
			.matches((key) -> key.userIds().size() == 20, "20 user IDs");
	}

}
