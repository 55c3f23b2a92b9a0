package org.hkpgateway.hkp;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawHttp;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares what {@link HkpTargets} makes of a target with what a real SKS makes of it: as
 * its log says, and by whether it hands out the key. A target that we let pass must not
 * mean another operation or another search to SKS.
 */
class TargetsAgainstSksIT {

	/** What SKS logs of a lookup, and the operation that is. Index covers vindex. */
	private static final Map<String, List<Operation>> UNDERSTOOD = Map.of("/pks/lookup: Get request (",
			List.of(Operation.LOOKUP_GET), "/pks/lookup: Hash search: ", List.of(Operation.LOOKUP_HGET),
			"/pks/lookup: Index request: (", List.of(Operation.LOOKUP_INDEX, Operation.LOOKUP_VINDEX),
			"/pks/lookup: DB Stats request", List.of(Operation.LOOKUP_STATS));

	private static SksServer sks;

	private static String fingerprint;

	@BeforeAll
	static void startSks() {
		sks = SksServer.start();
		try (GpgHome gpg = GpgHome.create()) {
			fingerprint = gpg.generate("Alice Lab <alice@lab.example>");
			gpg.runWithKeyserver(sks.uri(), "--send-keys", fingerprint).orFail();
		}
	}

	@AfterAll
	static void stopSks() {
		if (sks != null) {
			sks.close();
		}
	}

	@ParameterizedTest
	@MethodSource
	void neverPassesWhatSksReadsDifferently(String template) {
		String target = expand(template);
		Understanding understood = ask(target);
		HkpTarget parsed = HkpTargets.parse("GET", target);
		if (parsed instanceof HkpTarget.Other) {
			assertThat(understood.operations()).as(target).isEmpty();
			assertThat(understood.key()).as(target).isFalse();
		}
		else if (parsed instanceof HkpTarget.Hkp hkp) {
			assertSame(target, hkp.request(), understood);
		}
	}

	private static void assertSame(String target, HkpRequest request, Understanding understood) {
		if (understood.operations().isEmpty()) {
			assertThat(understood.key()).as(target).isFalse();
			return;
		}
		assertThat(understood.operations()).as(target).contains(request.operation());
		String search = (request.search() != null) ? request.search() : "";
		if (request.fingerprint() != null || request.keyId() != null || understood.namesKey()) {
			boolean grouped = !search.startsWith("0x");
			if (!grouped) {
				assertThat(understood.words()).as(target).containsExactly(search.toLowerCase(Locale.ROOT));
			}
			else {
				assertThat(understood.namesKey()).as(target).isFalse();
				assertThat(request.operation()).as(target).isEqualTo(Operation.LOOKUP_INDEX);
			}
		}
		String octets = new String(search.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
		for (String word : understood.words()) {
			assertThat(asSksFolds(octets)).as(target).contains(asSksFolds(word));
		}
	}

	static Stream<String> neverPassesWhatSksReadsDifferently() {
		Stream<String> paths = Stream.of("/pks/lookup", "//pks/lookup", "/pks//lookup", "/pks/lookup/", "/pks/./lookup",
				"/x/../pks/lookup", "/pks/../pks/lookup", "/%70ks/lookup", "/pks/%6cookup", "/pks%2flookup",
				"/pks%2Flookup", "/x/%2e%2e/pks/lookup", "/%2570ks/lookup", "/PKS/lookup", "/pks/LOOKUP", "/Pks/Lookup",
				"/pks;a/lookup", "/pks/lookup;a=b", "/pks\\lookup", "\\pks\\lookup", "/pks/lookup%00", "/pks/lookup%20",
				"/pks/lookup.html", "/pks/lookup#", "pks/lookup", "http://127.0.0.1/pks/lookup", "/", "", "/index.html",
				"/pksx/lookup", "/pks/lookups", "/pks", "/pks/", "/pks/stats", "/pks/v2/certs/by-keyid")
			.map((path) -> path + "?op=get&options=mr&search=0x{FPR}");
		Stream<String> queries = Stream.of("", "?", "op=get", "search=0x{FPR}", "search=0x{FPR}&op=get",
				"op=index&search=alice", "op=index&options=mr&search=alice@lab.example", "op=vindex&search=0x{FPR}",
				"op=stats", "op=stats&search=0x{FPR}", "op=GET&search=0x{FPR}", "OP=get&search=0x{FPR}",
				"op=get&SEARCH=0x{FPR}", "op=&search=0x{FPR}", "op&search=0x{FPR}", "op=foo&search=0x{FPR}",
				"op=%67et&search=0x{FPR}", "op=+get&search=0x{FPR}", "op=get+&search=0x{FPR}",
				"op=get%20&search=0x{FPR}", "op=get%09&search=0x{FPR}", "%6fp=get&search=0x{FPR}",
				"op=index&%6fp=get&search=0x{FPR}", "op=index&op=get&search=0x{FPR}", "op=get&op=index&search=0x{FPR}",
				"op=get&search=bob&search=0x{FPR}", "op=get&search=0x{FPR}&search=bob",
				"op=get&search=bob&%73earch=0x{FPR}", "op=get&s%65arch=0x{FPR}", "op=get&search=0X{FPR}",
				"op=get&search=0x{LOWER}", "op=get&search=%30x{FPR}", "op=get&search=0%78{FPR}",
				"op=get&search=0x{KEYID}", "op=get&search=0x{SHORT}", "op=get&search={FPR}", "op=index&search={FPR}",
				"op=index&search={KEYID}", "op=index&search={GROUPED}", "op=get&search=+0x{FPR}",
				"op=get&search=0x{FPR}+", "op=get&search=000+0x{FPR}", "op=get&search=0x{FPR}+000",
				"op=get&search=alice+0x{FPR}", "op=get&search=0x{FPR}+alice", "op=get&search=0x{FPR}@lab.example",
				"op=get&search=0x{FPR}%00", "op=get&search=0x{FPR}%0a", "op=get&search=%3C0x{FPR}%3E",
				"op=get&search=%220X{FPR}%22", "op=get&search=%C2%A00x{FPR}", "op=get&search=%E2%80%890x{FPR}",
				"op=get&search=%800x{FPR}", "op=get&search=%FF0x{FPR}", "op=get&search=\u00800x{FPR}",
				"op=get&search=0x{FPR}%zz", "op=get&search=0x{FPR}%", "op=get&search=0x{FPR}%4",
				"op=get&search=%0x{FPR}", "op=get&search=%zz0x{FPR}", "op=get;search=0x{FPR}",
				"op=get&search=0x{FPR};a=b", "op=get&search=bob;0x{FPR}", "op=get&&search=0x{FPR}",
				"&op=get&search=0x{FPR}", "op=get&search=0x{FPR}&", "op=get&search=0x{FPR}&foo",
				"op=get&search=0x{FPR}&foo=%zz", "op=get&search=0x{FPR}&=", "op=get?search=0x{FPR}",
				"op=get&search=bob?0x{FPR}", "op=get&search==0x{FPR}", "op==get&search=0x{FPR}",
				"op=get&search=0x{FPR}=", "op=get&search=0x12345", "op=get&search=0x", "op=get&search=0xzz",
				"op=get&search=0x{FPR}{FPR}", "op=get&search=", "op=get&search=%20", "op=get&search=+",
				"op=get&exact=on&hash=on&fingerprint=on&search=alice", "op=get&exact=on+&search=0x{FPR}",
				"op=get&search=M%C3%BCller", "op=index&search=M\u00c3\u00bcller", "op=index&search=%C3%84rger",
				"op=hget&search=00000000000000000000000000000000", "op=hget&search=0x{FPR}", "op=hget&search=000+{FPR}",
				"x-op=get&op=stats", "op=get&search=alice%26op=index", "op=get%26op=index&search=0x{FPR}",
				"op=get&search=alice%3D0x{FPR}")
			.map((query) -> "/pks/lookup?" + query);
		return Stream.concat(paths, queries);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/pks/add", "//pks/add", "/pks//add", "/pks/add/", "/pks/add?options=mr", "/pks/add?",
			"/pks/ADD", "/pks/%61dd", "/pks/add%20", "/pks/add;a", "/pks/./add", "/pks/replace", "/pks/delete",
			"/pks/v2/certs", "/pks/hashquery", "/pks/hashquery?a", "/pks//hashquery", "/PKS/hashquery",
			"/pks/lookup?op=get&search=alice", "/", "/pks/hash%71uery", "/pks/add?keytext=a" })
	void neverPassesUploadThatSksReadsDifferently(String target) {
		int seen = sks.logLines().size();
		String body = "keytext=none";
		RawHttp.exchange(sks.port(),
				("POST " + target + " HTTP/1.0\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
					.getBytes(StandardCharsets.ISO_8859_1));
		List<String> lines = sks.logLines();
		String log = String.join("\n", lines.subList(seen, lines.size()));
		HkpTarget parsed = HkpTargets.parse("POST", target);
		Operation operation = (parsed instanceof HkpTarget.Hkp hkp) ? hkp.request().operation() : null;
		boolean refused = parsed instanceof HkpTarget.Refused;
		assertThat(log.contains("keytext=") || log.contains("(POST,/pks/add,") || log.contains("Handling /pks/add"))
			.as(target + " " + log)
			.isEqualTo(operation == Operation.ADD && target.equals("/pks/add"));
		assertThat(log.contains("Handling /pks/hashquery") && !refused).as(target + " " + log)
			.isEqualTo(operation == Operation.HASHQUERY && target.equals("/pks/hashquery"));
	}

	/** The table would prove nothing if the log were read wrongly. */
	@Test
	void readsTheLogOfSks() {
		Understanding plain = ask("/pks/lookup?op=get&options=mr&search=0x" + fingerprint);
		assertThat(plain.operations()).containsExactly(Operation.LOOKUP_GET);
		assertThat(plain.namesKey()).isTrue();
		assertThat(plain.key()).isTrue();
		Understanding hidden = ask("/pks/lookup?op=get&search=000%200X" + fingerprint);
		assertThat(hidden.namesKey()).isTrue();
		assertThat(hidden.key()).isTrue();
		assertThat(ask("/pks/lookup?search=alice").operations()).contains(Operation.LOOKUP_INDEX);
		assertThat(ask("/pks/lookup?op=stats").operations()).containsExactly(Operation.LOOKUP_STATS);
		assertThat(ask("//pks/lookup?op=stats").operations()).isEmpty();
	}

	private static Understanding ask(String target) {
		int seen = sks.logLines().size();
		String answer = RawHttp.request(sks.port(), "GET", target);
		List<String> lines = sks.logLines();
		for (String line : lines.subList(seen, lines.size())) {
			for (Map.Entry<String, List<Operation>> entry : UNDERSTOOD.entrySet()) {
				int start = line.indexOf(entry.getKey());
				if (start >= 0) {
					String rest = line.substring(start + entry.getKey().length());
					String words = rest.endsWith(")") ? rest.substring(0, rest.length() - 1) : rest;
					return new Understanding(entry.getValue(),
							Stream.of(words.split(" ")).filter((word) -> !word.isEmpty()).toList(),
							answer.contains("BEGIN PGP PUBLIC KEY BLOCK"));
				}
			}
		}
		return new Understanding(List.of(), List.of(), answer.contains("BEGIN PGP PUBLIC KEY BLOCK"));
	}

	private static String expand(String template) {
		StringBuilder grouped = new StringBuilder();
		for (int i = 0; i < fingerprint.length(); i += 4) {
			grouped.append((i > 0) ? "+" : "").append(fingerprint, i, i + 4);
		}
		return template.replace("{FPR}", fingerprint)
			.replace("{LOWER}", fingerprint.toLowerCase(Locale.ROOT))
			.replace("{KEYID}", fingerprint.substring(24))
			.replace("{SHORT}", fingerprint.substring(32))
			.replace("{GROUPED}", grouped);
	}

	/** SKS folds case of octets as if they were ISO-8859-1. */
	private static String asSksFolds(String octets) {
		return octets.toLowerCase(Locale.ROOT);
	}

	/**
	 * What SKS made of a target.
	 *
	 * @param operations that its log can stand for, none if it took it for no lookup
	 * @param words it searched for, the first decides
	 * @param key whether it handed out a key
	 */
	private record Understanding(List<Operation> operations, List<String> words, boolean key) {

		boolean namesKey() {
			return !this.words.isEmpty() && this.words.get(0).startsWith("0x");
		}

	}

}
