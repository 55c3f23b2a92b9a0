package org.hkpgateway.hkp;

import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HkpTargets}.
 */
class HkpTargetsTests {

	private static final String FPR = "E499AAAB03772C629E5FB5A58559FE01CBF164CB";

	@ParameterizedTest
	@CsvSource({ "GET,/pks/lookup?op=get&search=a,LOOKUP_GET", "HEAD,/pks/lookup?op=get&search=a,LOOKUP_GET",
			"GET,/pks/lookup?op=hget&search=34192252123E85FB9DC56FE4BA530328,LOOKUP_HGET",
			"GET,/pks/lookup?op=index&search=a,LOOKUP_INDEX", "GET,/pks/lookup?search=a&op=vindex,LOOKUP_VINDEX",
			"GET,/pks/lookup?op=stats,LOOKUP_STATS", "GET,/pks/lookup?op=stats&search=0x1,LOOKUP_STATS",
			"POST,/pks/lookup?op=get&search=a,OTHER", "OPTIONS,/pks/lookup,OTHER", "get,/pks/lookup?op=get,OTHER",
			"POST,/pks/add,ADD", "POST,/pks/add?options=mr,ADD", "GET,/pks/add,OTHER", "POST,/pks/replace,REPLACE",
			"POST,/pks/delete,DELETE", "POST,/pks/hashquery,HASHQUERY", "GET,/pks/stats,STATS",
			"HEAD,/pks/stats?options=json,STATS", "GET,/pks/health,HEALTH", "HEAD,/pks/health,HEALTH",
			"GET,/pks/v2/certs/by-vfingerprint/04" + FPR + ",V2_CERTS_BY_VFINGERPRINT",
			"GET,/pks/v2/certs/by-identity/alice@lab.example,V2_CERTS_BY_IDENTITY",
			"GET,/pks/v2/certs/by-keyid/8559FE01CBF164CB,V2_CERTS_BY_KEYID", "GET,/pks/v2/index/alice%20lab,V2_INDEX",
			"GET,/pks/v2/prefixlog/2026-01-31,V2_PREFIXLOG", "POST,/pks/v2/certs,V2_ADD", "GET,/pks/v2/certs,OTHER",
			"GET,/pks/v2/certs/by-keyid/a/b,OTHER", "GET,/pks/unknown,OTHER", "GET,/pks,OTHER", "GET,/pks/,OTHER",
			"GET,/pks/lookups,OTHER" })
	void parseWhenCanonicalReturnsOperation(String method, String target, Operation operation) {
		assertThat(request(method, target).operation()).isEqualTo(operation);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/", "/index.html", "/assets/style.css?v=%zz", "/pksx/lookup", "/pk", "/%70k",
			"/stats?op=get&op=index", "/a//b", "/a/../b", "/search;x=1", "/\u00fc" })
	void parseWhenElsewhereReturnsOther(String target) {
		assertThat(HkpTargets.parse("GET", target)).isEqualTo(new HkpTarget.Other());
	}

	@ParameterizedTest
	@ValueSource(strings = { "//pks/lookup?op=get&search=a", "/pks//lookup?op=get&search=a", "/pks/lookup/",
			"/pks/add/", "/pks/%6cookup?op=get&search=a", "/%70ks/lookup?op=get", "/pks%2flookup?op=get",
			"/pks%2Flookup?op=get", "/%2570ks/lookup", "/%252570ks/lookup", "/pks/./lookup?op=get",
			"/pks/../pks/lookup?op=get", "/x/../pks/lookup?op=get", "/./pks/lookup", "/x/%2e%2e/pks/lookup?op=get",
			"/x/%2e%2E%2fpks/lookup", "/%2e/pks/lookup", "/pks/%2e%2e/index.html", "/pks/../index.html",
			"/pks;a=b/lookup", "/pks/lookup;a=b?op=get", "/pks%3b/lookup", "\\pks\\lookup", "/pks\\lookup?op=get",
			"/x\\..\\pks\\lookup", "/pks%5clookup", "/PKS/lookup?op=get&search=a", "/pks/Lookup?op=get&search=a",
			"/pks/ADD", "/pks/v2/Certs", "/pks/v2/certs/BY-keyid/8559FE01CBF164CB", "/pks/lookup%00?op=get",
			"/pks%00/lookup", "/pks%0a/lookup", "/static%00.html", "/pks/lookup%20?op=get", "/pks/lookup%3fop=get",
			"/pks/l\u00f6kup", "/pks/%zz", "/pks/v2/certs/by-keyid/%38559FE01CBF164CB",
			"/pks/v2/certs/by-identity/alice%2540example.org", "/pks/v2/certs/by-identity/a%2fb",
			"/pks/v2/certs/by-identity/%2e%2e", "/pks/v2/certs/by-identity/%ff", "/pks/v2/certs/by-identity/%4",
			"/pks/v2/index/a%00b", "/pks/v2/index/a;b" })
	void parseWhenPathIsNotCanonicalReturnsRefused(String target) {
		assertRefused("GET", target);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "*", "pks/lookup?op=get", "http://example.org/pks/lookup?op=get&search=a",
			"/pks/lookup?op=get&search=a#f", "/#", "/a b", "/a\tb", "/a\u0000", "/a\u007f", "/a\r\nX: y", "/\u20ac" })
	void parseWhenTargetIsNotInOriginFormReturnsRefused(String target) {
		assertRefused("GET", target);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "search=a", "op=", "op&search=a", "op=GET&search=a", "op=x-foo&search=a",
			"op=%67et%20&search=a", "op=+get&search=a", "op=get&op=get&search=a", "op=get&search=a&op=index",
			"op=get&%6fp=index&search=a", "%6fp=get&search=a", "op=get&search=a&search=b", "op=get&search=a&s%65arch=b",
			"op=get&%73earch=a", "op=get&search=a&options=mr&options=nm", "op=get&search=a&exact=on&exact=off",
			"op=get&search=a&exact=on+", "op=get&search=a&%65xact=on", "op=get;search=a", "op=get&search=a;b",
			"op=get&search=%zz", "op=get&search=a%", "op=get&search=a%4", "op=get&search=a&x=%zz", "op=get&search=%ff",
			"op=get&search=%c3%28", "op=get&search=%ed%a0%80", "op=get&search=a%00", "op=get&search=a%0ab",
			"op=get&search=a\u00fc" })
	void parseWhenLookupQueryIsAmbiguousReturnsRefused(String query) {
		assertRefused("GET", "/pks/lookup?" + query);
		assertRefused("HEAD", "/pks/lookup?" + query);
	}

	@ParameterizedTest
	@ValueSource(strings = { "0x", "0x1234", "0xzz", "0X" + FPR, "+0x" + FPR, "0x" + FPR + "+", "000+0x" + FPR,
			"%3C0x" + FPR + "%3E", "0x" + FPR + ",", "-0X" + FPR, "0x" + FPR + FPR, "0x8559FE01CBF164CB@-" })
	void parseWhenSearchIsKeyForSomeKeyserversOnlyReturnsRefused(String search) {
		assertRefused("GET", "/pks/lookup?op=get&search=" + search);
		assertRefused("GET", "/pks/lookup?op=index&search=" + search);
	}

	@Test
	void parseWhenHgetIsNotMd5ReturnsRefused() {
		assertRefused("GET", "/pks/lookup?op=hget&search=34192252123E85FB9DC56FE4BA530328+x");
	}

	@ParameterizedTest
	@CsvSource({ "ADD,keytext=x", "ADD,options=mr&keytext=x", "ADD,%6beytext=x", "ADD,a;keytext=x", "ADD,replace=1",
			"REPLACE,keysig=x", "DELETE,keytext=" })
	void parseWhenUploadIsInQueryReturnsRefused(Operation operation, String query) {
		assertRefused("POST", "/pks/" + operation.name().toLowerCase(Locale.ROOT) + "?" + query);
	}

	@ParameterizedTest
	@ValueSource(ints = { 8, 16 })
	void parseWhenSearchIsKeyIdReturnsKeyId(int digits) {
		String keyId = FPR.substring(40 - digits);
		HkpRequest request = request("GET", "/pks/lookup?op=get&search=0x" + keyId.toLowerCase(Locale.ROOT));
		assertThat(request.keyId()).isEqualTo(keyId);
		assertThat(request.fingerprint()).isNull();
		assertThat(request.search()).isEqualTo("0x" + keyId.toLowerCase(Locale.ROOT));
	}

	@ParameterizedTest
	@ValueSource(ints = { 32, 40, 64 })
	void parseWhenSearchIsFingerprintReturnsFingerprint(int digits) {
		String fingerprint = (FPR + FPR).substring(0, digits);
		HkpRequest request = request("GET", "/pks/lookup?op=vindex&search=%30x" + fingerprint);
		assertThat(request.fingerprint()).isEqualTo(fingerprint);
		assertThat(request.keyId()).isNull();
	}

	@Test
	void parseWhenIndexSearchIsBareHexReturnsFingerprintAsHockeypuckDoes() {
		String grouped = "E499+AAAB+0377+2C62+9E5F++B5A5+8559+FE01+CBF1+64CB";
		assertThat(request("GET", "/pks/lookup?op=index&search=" + grouped).fingerprint()).isEqualTo(FPR);
		assertThat(request("GET", "/pks/lookup?op=index&search=" + FPR).fingerprint()).isEqualTo(FPR);
		assertThat(request("GET", "/pks/lookup?op=get&search=" + FPR).fingerprint()).isNull();
		assertThat(request("GET", "/pks/lookup?op=index&search=8559FE01CBF164CB").keyId())
			.isEqualTo("8559FE01CBF164CB");
	}

	@Test
	void parseWhenSearchIsTextReturnsItDecoded() {
		HkpRequest request = request("GET",
				"/pks/lookup?op=index&options=mr,,json&exact=on&hash=on&fingerprint=on&search=M%C3%BCller+%2B%26=%3B");
		assertThat(request).isEqualTo(new HkpRequest(Operation.LOOKUP_INDEX, "M\u00fcller +&=;", null, null,
				List.of("mr", "json"), true, true, true));
	}

	@Test
	void parseWhenSearchHasRawUtf8ReturnsIt() {
		assertThat(request("GET", "/pks/lookup?op=index&search=M\u00c3\u00bcller").search()).isEqualTo("M\u00fcller");
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "0xdead@example.org", "alice+0xbeef", "+alice+", "A0x12345678", "%C2%A00x8559FE01CBF164CB" })
	void parseWhenTextContainsHexPrefixButNoKeyserverTakesItForKeyReturnsText(String search) {
		HkpRequest request = request("GET", "/pks/lookup?op=get&search=" + search);
		assertThat(request.search()).isEqualTo(search.replace('+', ' ').replace("%C2%A0", "\u00a0"));
		assertThat(request.keyId()).isNull();
	}

	@Test
	void parseWhenSearchIsEmptyReturnsNull() {
		assertThat(request("GET", "/pks/lookup?op=get&search=").search()).isNull();
		assertThat(request("GET", "/pks/lookup?op=get").search()).isNull();
	}

	@Test
	void parseWhenVersion2ReturnsSearch() {
		assertThat(request("GET", "/pks/v2/certs/by-vfingerprint/04" + FPR).fingerprint()).isEqualTo(FPR);
		assertThat(request("GET", "/pks/v2/certs/by-keyid/8559fe01cbf164cb").keyId()).isEqualTo("8559FE01CBF164CB");
		assertThat(request("GET", "/pks/v2/certs/by-identity/a+b%40lab.example").search()).isEqualTo("a+b@lab.example");
	}

	@Test
	void decodedPathDecodesOnceAndReplacesWhatIsNotUtf8() {
		assertThat(HkpTargets.decodedPath("/a%20b+c%2541%C3%BC%ff%zz?x=%41")).isEqualTo("/a b+c%41\u00fc\ufffd%zz");
	}

	@Test
	void queryReturnsFirstValueOfEachName() {
		Map<String, String> query = HkpTargets.query("/x?b=1&a=%41+b&&b=2&c&%64=%ff?&=v");
		assertThat(query).containsExactly(Map.entry("b", "1"), Map.entry("a", "A b"), Map.entry("c", ""),
				Map.entry("d", "\ufffd?"), Map.entry("", "v"));
		assertThat(HkpTargets.query("/x")).isEmpty();
	}

	private static HkpRequest request(String method, String target) {
		HkpTarget parsed = HkpTargets.parse(method, target);
		assertThat(parsed).as(target).isInstanceOf(HkpTarget.Hkp.class);
		return ((HkpTarget.Hkp) parsed).request();
	}

	private static void assertRefused(String method, String target) {
		HkpTarget parsed = HkpTargets.parse(method, target);
		assertThat(parsed).as(target).isInstanceOf(HkpTarget.Refused.class);
		assertThat(((HkpTarget.Refused) parsed).reason()).startsWith("expected: ").contains("got: ");
	}

}
