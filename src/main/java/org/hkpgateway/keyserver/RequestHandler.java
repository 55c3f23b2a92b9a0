package org.hkpgateway.keyserver;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.hkpgateway.hkp.FormField;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.hkp.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Answers HKP requests from a {@link KeyStore}. Takes CPU time in proportion to the keys
 * involved, so it is not for an event loop. Safe for use by several threads.
 */
final class RequestHandler {

	private static final int MAX_ANSWER_BYTES = 16 * 1024 * 1024;

	private static final String JSON = "application/json";

	private final KeyStore store;

	RequestHandler(KeyStore store) {
		this.store = store;
	}

	/**
	 * Answers a request.
	 * @param method as sent
	 * @param target octets as ISO-8859-1 characters
	 * @param contentType of the body, if it says so
	 * @param body possibly empty
	 * @return the answer, for HEAD with the body that GET would get
	 */
	Answer answer(String method, String target, @Nullable String contentType, byte[] body) {
		try {
			HkpTarget parsed = HkpTargets.parse(method, target);
			if (parsed instanceof HkpTarget.Refused refused) {
				return Answer.sentence(400, refused.reason());
			}
			if (parsed instanceof HkpTarget.Hkp hkp) {
				return answer(method, target, hkp.request(), contentType, body);
			}
			return Answer.sentence(404, "There is nothing here: this keyserver knows paths below /pks/ only.");
		}
		catch (RefusedException ex) {
			return Answer.sentence(ex.status(), ex.sentence());
		}
	}

	private Answer answer(String method, String target, HkpRequest request, @Nullable String contentType, byte[] body)
			throws RefusedException {
		return switch (request.operation()) {
			case OTHER -> otherMethod(method, target);
			case LOOKUP_GET -> get(request);
			case LOOKUP_INDEX, LOOKUP_VINDEX -> index(request);
			case LOOKUP_STATS, STATS -> Answer.of(JSON, "{\"software\":\"hkp-gateway embedded keyserver\",\"numkeys\":"
					+ this.store.size() + ",\"bytes\":" + this.store.bytes() + "}\n");
			case HEALTH -> Answer.of("text/plain; charset=utf-8", "OK\n");
			case ADD -> add("application/pgp".equals(contentType) ? body : KeyParser.dearmor(keytext(body)));
			case V2_ADD -> add(body);
			case LOOKUP_HGET, REPLACE, DELETE, HASHQUERY, V2_CERTS_BY_VFINGERPRINT, V2_CERTS_BY_IDENTITY,
					V2_CERTS_BY_KEYID, V2_INDEX, V2_PREFIXLOG ->
				Answer.sentence(501, "The embedded keyserver does not implement this operation.");
		};
	}

	private static Answer otherMethod(String method, String target) {
		List<String> allowed = new ArrayList<>();
		if (!isOther(HkpTargets.parse("GET", target))) {
			allowed.addAll(List.of("GET", "HEAD", "OPTIONS"));
		}
		if (!isOther(HkpTargets.parse("POST", target))) {
			allowed.addAll(List.of("POST", "OPTIONS"));
		}
		if (allowed.isEmpty()) {
			return Answer.sentence(404, "There is nothing here: the path is not one of HKP.");
		}
		return Answer.methods(method.equals("OPTIONS") ? 204 : 405, String.join(", ", allowed));
	}

	private static boolean isOther(HkpTarget target) {
		return target instanceof HkpTarget.Hkp hkp && hkp.request().operation() == Operation.OTHER;
	}

	private List<StoredKey> find(HkpRequest request) throws RefusedException {
		String search = request.search();
		if (search == null || search.isBlank()) {
			throw new RefusedException(400, "expected: something to search for, got: nothing");
		}
		String name = (request.fingerprint() != null) ? request.fingerprint() : request.keyId();
		List<StoredKey> found = (name != null) ? this.store.find((key) -> key.isNamed(name)) : this.store
			.find((key) -> key.userIds().stream().anyMatch((userId) -> userId.matches(search, request.exact())));
		if (found.isEmpty()) {
			throw new RefusedException(404, "No key was found.");
		}
		return found;
	}

	private Answer get(HkpRequest request) throws RefusedException {
		List<StoredKey> keys = find(request);
		if (keys.stream().mapToLong((key) -> key.packets().length).sum() > MAX_ANSWER_BYTES) {
			throw new RefusedException(400, "expected: a search that finds at most " + MAX_ANSWER_BYTES
					+ " bytes of keys, got: more; search for something more specific");
		}
		return Answer.of("application/pgp-keys", armor(keys));
	}

	private static byte[] armor(List<StoredKey> keys) {
		ByteArrayOutputStream armored = new ByteArrayOutputStream();
		try (ArmoredOutputStream armor = ArmoredOutputStream.builder().clearHeaders().build(armored)) {
			for (StoredKey key : keys) {
				armor.write(key.packets());
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException("writing to memory failed", ex);
		}
		return armored.toByteArray();
	}

	private Answer index(HkpRequest request) throws RefusedException {
		List<StoredKey> keys = find(request);
		return request.machineReadable() ? Answer.of("text/plain; charset=utf-8", IndexFormat.machineReadable(keys))
				: Answer.of("text/html; charset=utf-8", IndexFormat.html(keys));
	}

	private static byte[] keytext(byte[] body) throws RefusedException {
		byte[] keytext = FormField.find(body, "keytext");
		if (keytext == null || keytext.length == 0) {
			throw new RefusedException(400, "expected: a form with the field keytext, got: none");
		}
		return keytext;
	}

	private Answer add(byte[] packets) throws RefusedException {
		Map<KeyStore.Change, StringJoiner> changes = new EnumMap<>(KeyStore.Change.class);
		for (PGPPublicKeyRing ring : KeyParser.parse(packets)) {
			String fingerprint = HexFormat.of().formatHex(ring.getPublicKey().getFingerprint());
			changes.computeIfAbsent(this.store.add(ring), (change) -> new StringJoiner(",", "[", "]"))
				.add("{\"version\":" + ring.getPublicKey().getVersion() + ",\"fingerprint\":\"" + fingerprint + "\"}");
		}
		StringJoiner json = new StringJoiner(",", "{", "}\n");
		changes.forEach((change, keys) -> json.add("\"" + change.name().toLowerCase(Locale.ROOT) + "\":" + keys));
		return Answer.of(JSON, json.toString());
	}

}
