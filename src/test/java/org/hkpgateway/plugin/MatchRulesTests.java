package org.hkpgateway.plugin;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.AddressRange;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link MatchRules}.
 */
class MatchRulesTests {

	private static final String GET = "/pks/lookup?op=get&search=alice";

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			// methods | operations | paths | what can never hold
			"POST | get | '' | methods POST and operations get",
			"GET,HEAD | add | '' | methods GET, HEAD and operations add", "GET | add,get | '' | operations add",
			"GET,POST | get | '' | methods POST", "PUT | get,other | '' | operations get",
			"'' | get | /pks/add | operations get and paths /pks/add", "'' | get | /pks/add,/pks/* | paths /pks/add",
			"'' | v2-index | /pks/v2/index | operations v2-index and paths /pks/v2/index", "POST | '' | '' | ''",
			"POST | not-hkp | '' | ''", "'' | not-hkp | /pks/add | ''", "PUT | other | /pks/add | ''",
			"'' | other | /x/** | operations other and paths /x/**", "'' | other | /pks | ''", "'' | '' | /x | ''",
			"'' | stats | /pks/stats | ''", "'' | stats | /pks/lookup | ''",
			"POST | stats | '' | methods POST and operations stats", "'' | v2-index | /pks/v2/** | ''",
			"'' | v2-index | /**/index/a* | ''", "'' | v2-index | /pks/*/index/* | ''" })
	void whatCanNeverHoldIsTold(String methods, String operations, String paths, String expected) {
		MatchRules rules = new MatchRules(words(methods), words(operations),
				words(paths).stream().map(PathGlob::parse).toList(), List.of());
		assertThat(rules.impossible()).isEqualTo(expected.isEmpty() ? List.of() : List.of(expected));
	}

	/** Else a rule that does hold for requests would be called impossible. */
	@Test
	void noOperationIsAskedForOtherwiseThanIsTold() {
		List<String> targets = List.of("/pks", "/pks/", "/pks/lookup?op=get&search=a",
				"/pks/lookup?op=hget&search=" + "0".repeat(32), "/pks/lookup?op=index&search=a",
				"/pks/lookup?op=vindex&search=a", "/pks/lookup?op=stats", "/pks/add", "/pks/replace", "/pks/delete",
				"/pks/hashquery", "/pks/stats", "/pks/health", "/pks/v2/certs",
				"/pks/v2/certs/by-vfingerprint/04" + "A".repeat(40), "/pks/v2/certs/by-identity/a%40b.example",
				"/pks/v2/certs/by-keyid/8559FE01CBF164CB", "/pks/v2/index/a", "/pks/v2/prefixlog/2026-01-01",
				"/pks/x/y");
		Set<Operation> met = new java.util.HashSet<>();
		for (String target : targets) {
			for (String method : RequestHead.METHODS) {
				if (HkpTargets.parse(method, target) instanceof HkpTarget.Hkp hkp) {
					Operation operation = hkp.request().operation();
					met.add(operation);
					MatchRules rules = new MatchRules(Set.of(method), Set.of(operation.word()),
							List.of(PathGlob.parse(HkpTargets.decodedPath(target))), List.of());
					assertThat(rules.impossible()).as(method + " " + target).isEmpty();
				}
			}
		}
		assertThat(met).containsExactlyInAnyOrder(Operation.values());
	}

	private static Set<String> words(String list) {
		return list.isEmpty() ? Set.of() : Set.of(list.split(","));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			// methods | operations | paths | clients | request | what does not hold
			"'' | '' | '' | '' | GET " + GET + " 192.0.2.1 | ''", "GET | '' | '' | '' | GET " + GET + " 192.0.2.1 | ''",
			"POST,GET | '' | '' | '' | GET " + GET + " 192.0.2.1 | ''",
			"POST | '' | '' | '' | GET " + GET + " 192.0.2.1 | METHODS",
			"GET | '' | '' | '' | HEAD " + GET + " 192.0.2.1 | METHODS",
			"GET | '' | '' | '' | get / 192.0.2.1 | METHODS", "HEAD | '' | '' | '' | HEAD " + GET + " 192.0.2.1 | ''",
			"'' | get | '' | '' | GET " + GET + " 192.0.2.1 | ''",
			"'' | get | '' | '' | HEAD " + GET + " 192.0.2.1 | ''",
			"'' | index,get | '' | '' | GET " + GET + " 192.0.2.1 | ''",
			"'' | index | '' | '' | GET " + GET + " 192.0.2.1 | OPERATIONS",
			"'' | hget | '' | '' | GET " + GET + " 192.0.2.1 | OPERATIONS",
			"'' | stats | '' | '' | GET /pks/lookup?op=stats 192.0.2.1 | ''",
			"'' | stats | '' | '' | GET /pks/stats 192.0.2.1 | ''", "'' | add | '' | '' | POST /pks/add 192.0.2.1 | ''",
			"'' | add | '' | '' | POST /pks/v2/certs 192.0.2.1 | OPERATIONS",
			"'' | v2-add | '' | '' | POST /pks/v2/certs 192.0.2.1 | ''",
			"'' | add | '' | '' | GET /pks/add 192.0.2.1 | OPERATIONS",
			"'' | other | '' | '' | GET /pks/add 192.0.2.1 | ''",
			"'' | other | '' | '' | GET /index.html 192.0.2.1 | OPERATIONS",
			"'' | not-hkp | '' | '' | GET /index.html 192.0.2.1 | ''",
			"'' | not-hkp | '' | '' | GET /pks/unknown 192.0.2.1 | OPERATIONS",
			"'' | '' | /pks/* | '' | GET " + GET + " 192.0.2.1 | ''",
			"'' | '' | /x,/pks/** | '' | GET /pks/v2/certs/by-keyid/8559FE01CBF164CB 192.0.2.1 | ''",
			"'' | '' | /pks/* | '' | GET /pks/v2/certs/by-keyid/8559FE01CBF164CB 192.0.2.1 | PATHS",
			"'' | '' | /a b/* | '' | GET /a%20b/c 192.0.2.1 | ''",
			"'' | '' | /a/* | '' | GET /%61/c?x=/b 192.0.2.1 | ''",
			"'' | '' | /a/* | '' | GET /b?/a/c 192.0.2.1 | PATHS", "'' | '' | '' | 192.0.2.0/24 | GET / 192.0.2.1 | ''",
			"'' | '' | '' | 192.0.2.0/24 | GET / 198.51.100.1 | CLIENTS",
			"'' | '' | '' | 192.0.2.0/24 | GET / 2001:db8::1 | CLIENTS",
			"'' | '' | '' | 192.0.2.0/24,2001:db8::/32 | GET / 2001:db8::1 | ''",
			"'' | '' | '' | 192.0.2.0/24 | GET / ::ffff:192.0.2.1 | ''",
			"'' | '' | '' | ::ffff:192.0.2.0/120 | GET / 192.0.2.1 | ''",
			"'' | '' | '' | ::/0 | GET / 192.0.2.1 | CLIENTS",
			"POST | add | /pks/* | 192.0.2.0/24 | POST /pks/add 192.0.2.1 | ''",
			"GET | add | /pks/* | 192.0.2.0/24 | POST /pks/add 192.0.2.1 | METHODS",
			"POST | get | /pks/* | 192.0.2.0/24 | POST /pks/add 192.0.2.1 | OPERATIONS",
			"POST | add | /pks | 192.0.2.0/24 | POST /pks/add 192.0.2.1 | PATHS",
			"POST | add | /pks/* | 192.0.3.0/24 | POST /pks/add 192.0.2.1 | CLIENTS",
			"GET | not-hkp | /*.html | ::1 | GET /index.html ::1 | ''" })
	void aRequestMatchesIfOfEachListThatIsNotEmptyOneEntryFits(String methods, String operations, String paths,
			String clients, String request, @Nullable String mismatch) {
		MatchRules rules = rules(methods, operations, paths, clients);
		String[] parts = request.split(" ");
		MatchRules.Criterion found = rules.mismatch(request(parts[0], parts[1], parts[2]));
		assertThat((found != null) ? found.name() : "").isEqualTo(mismatch);
	}

	@Test
	void everyOperationHasAWordThatOnlyTheTwoKindsOfStatisticsShare() {
		Map<String, Set<Operation>> words = Arrays.stream(Operation.values())
			.collect(Collectors.groupingBy(Operation::word, Collectors.toSet()));
		assertThat(words.remove("stats")).containsExactlyInAnyOrder(Operation.STATS, Operation.LOOKUP_STATS);
		assertThat(words.values()).allSatisfy((operations) -> assertThat(operations).hasSize(1));
		assertThat(words.keySet()).allMatch((word) -> word.equals(word.toLowerCase(Locale.ROOT)))
			.doesNotContain(MatchRules.NOT_HKP);
	}

	@Test
	void everyWordIsAnOperation() {
		Operation.words().forEach((word) -> assertThat(MatchRules.operation(word)).isEqualTo(word));
		assertThat(MatchRules.operation("not-hkp")).isEqualTo("not-hkp");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "GET", "Index", "LOOKUP_INDEX", "lookup", "not_hkp", "v2" })
	void anUnknownOperationIsRefusedWithAllThereAre(String operation) {
		assertThatIllegalArgumentException().isThrownBy(() -> rules(Set.of(), Set.of(operation)))
			.withMessage("expected: one of other, get, hget, index, vindex, stats, add, replace, delete, hashquery, "
					+ "health, v2-certs-by-vfingerprint, v2-certs-by-identity, v2-certs-by-keyid, v2-index, "
					+ "v2-prefixlog, v2-add, not-hkp, got: " + operation);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "get", "Get", "GET ", "*", "G E T", "CONNECT", "TRACE", "GET/1", "-GET", "PSOT",
			"PROPFIND", "M-SEARCH" })
	void aMethodThatNoRequestHasIsRefused(String method) {
		assertThatIllegalArgumentException().isThrownBy(() -> rules(Set.of(method), Set.of()))
			.withMessageStartingWith("expected: one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			.withMessageEndingWith(", got: " + method);
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE" })
	void aMethodInCapitalsIsTaken(String method) {
		assertThat(rules(Set.of(method), Set.of()).methods()).containsExactly(method);
	}

	@Test
	void theOrderAndRepetitionOfEntriesDoNotMatter() {
		MatchRules one = rules("GET,POST", "add,index", "/a,/b,/a", "10.0.0.0/8,::1");
		MatchRules other = rules("POST,GET", "index,add", "/b,/a", "::1,10.9.9.9/8,::1");
		assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
		assertThat(one).isNotEqualTo(rules("POST,GET", "index,add", "/b,/a", "10.0.0.0/8"));
		assertThat(rules("", "", "", "")).isEqualTo(MatchRules.EVERYTHING);
	}

	@Test
	void saysItInWords() {
		assertThat(MatchRules.EVERYTHING).hasToString("everything");
		assertThat(rules("POST,GET", "index", "/b,/a", "10.1.1.1/8"))
			.hasToString("methods GET, POST and operations index and paths /a, /b and clients 10.0.0.0/8");
	}

	private static MatchRules rules(Set<String> methods, Set<String> operations) {
		return new MatchRules(methods, operations, List.of(), List.of());
	}

	private static MatchRules rules(String methods, String operations, String paths, String clients) {
		return new MatchRules(texts(methods).collect(Collectors.toSet()), texts(operations).collect(Collectors.toSet()),
				texts(paths).map(PathGlob::parse).toList(), texts(clients).map(AddressRange::parse).toList());
	}

	private static Stream<String> texts(String list) {
		return Stream.of(list.split(",")).filter((text) -> !text.isEmpty());
	}

	private static RequestEvent request(String method, String target, String client) {
		HkpTarget understood = HkpTargets.parse(method, target);
		assertThat(understood).isNotInstanceOf(HkpTarget.Refused.class);
		HkpRequest hkp = (understood instanceof HkpTarget.Hkp known) ? known.request() : null;
		return new RequestEvent("id", new RequestHead(method, target, Headers.of("Host", "keys")),
				HkpTargets.decodedPath(target), HkpTargets.query(target), hkp, new InetSocketAddress(client, 4711),
				false, RequestBody.ABSENT, Map.of());
	}

}
