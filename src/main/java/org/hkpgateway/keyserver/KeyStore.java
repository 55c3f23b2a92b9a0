package org.hkpgateway.keyserver;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys, by fingerprint. Safe for use by several threads; an update holds the lock
 * while it merges, a few milliseconds per megabyte.
 *
 * <p>
 * When it is full, new material is refused rather than old keys evicted: otherwise anyone
 * who uploads enough would erase the keys of others without a trace.
 */
final class KeyStore {

	private static final Logger logger = LoggerFactory.getLogger(KeyStore.class);

	private final Limits limits;

	private final Map<String, StoredKey> keys = new LinkedHashMap<>();

	private long bytes;

	private boolean fullLogged;

	KeyStore(Limits limits) {
		this.limits = limits;
	}

	/** What storing a key did. Names are those of Hockeypuck's answers, in lower case. */
	enum Change {

		/** The key is new. */
		INSERTED,
		/** Something was added to it. */
		UPDATED,
		/** All of it was known. */
		IGNORED

	}

	/**
	 * Adds a key, or what is new of it: user IDs, subkeys and signatures are merged.
	 * @param ring the key
	 * @return what changed
	 * @throws RefusedException with 507 if the store is full, with 413 if the key has too
	 * many packets, with 422 if the key cannot be merged
	 */
	synchronized Change add(PGPPublicKeyRing ring) throws RefusedException {
		try {
			requireFewPackets(ring);
			StoredKey added = new StoredKey(ring);
			StoredKey known = this.keys.get(added.fingerprint());
			if (known == null) {
				store(added, 0);
				return Change.INSERTED;
			}
			PGPPublicKeyRing joined = PGPPublicKeyRing.join(parse(known), ring);
			requireFewPackets(joined);
			StoredKey merged = new StoredKey(joined);
			if (Arrays.equals(merged.packets(), known.packets())) {
				return Change.IGNORED;
			}
			store(merged, known.packets().length);
			return Change.UPDATED;
		}
		// The library throws many unchecked exceptions for damaged packets.
		catch (IOException | PGPException | RuntimeException ex) {
			throw new RefusedException(422, "expected: a key of consistent packets, got: " + ex.getMessage());
		}
	}

	private void requireFewPackets(PGPPublicKeyRing ring) throws RefusedException {
		int packets = 0;
		for (PGPPublicKey key : ring) {
			packets += 1 + count(key.getRawUserIDs()) + count(key.getUserAttributes()) + count(key.getSignatures());
		}
		if (packets > this.limits.keyPackets()) {
			throw new RefusedException(413,
					"expected: a key of at most " + this.limits.keyPackets() + " packets, got: " + packets);
		}
	}

	private static int count(Iterator<?> packets) {
		int count = 0;
		while (packets.hasNext()) {
			packets.next();
			count++;
		}
		return count;
	}

	private void store(StoredKey key, int replacedBytes) throws RefusedException {
		long bytesThen = this.bytes - replacedBytes + key.packets().length;
		boolean tooMany = replacedBytes == 0 && this.keys.size() >= this.limits.keys();
		if (tooMany || bytesThen > this.limits.keyBytes()) {
			if (!this.fullLogged) {
				this.fullLogged = true;
				logger.warn("The embedded keyserver is full ({} keys, {} bytes) and refuses new keys;"
						+ " configure hkp.upstream.urls to use a real one", this.keys.size(), this.bytes);
			}
			throw new RefusedException(507, "expected: at most " + this.limits.keys() + " keys and "
					+ this.limits.keyBytes() + " bytes in this in-memory keyserver, got: more; it is full");
		}
		this.keys.put(key.fingerprint(), key);
		this.bytes = bytesThen;
	}

	private static PGPPublicKeyRing parse(StoredKey key) throws IOException {
		return new PGPPublicKeyRing(new ByteArrayInputStream(key.packets()), new BcKeyFingerprintCalculator());
	}

	/**
	 * Finds keys, oldest first.
	 * @param condition that a key has to meet; must be quick
	 * @return the keys, possibly none
	 * @throws RefusedException with 400 if there are more than the limit
	 */
	synchronized List<StoredKey> find(Predicate<StoredKey> condition) throws RefusedException {
		List<StoredKey> found = new ArrayList<>();
		for (StoredKey key : this.keys.values()) {
			if (condition.test(key)) {
				if (found.size() == this.limits.results()) {
					throw new RefusedException(400, "expected: a search that finds at most " + this.limits.results()
							+ " keys, got: more; search for something more specific");
				}
				found.add(key);
			}
		}
		return found;
	}

	synchronized int size() {
		return this.keys.size();
	}

	/**
	 * The size of all stored packets.
	 * @return bytes
	 */
	synchronized long bytes() {
		return this.bytes;
	}

}
