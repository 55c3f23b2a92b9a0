package org.hkpgateway.sdk.test;

import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Targets}.
 */
class TargetsTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					GET  | /pks/lookup?op=index&search=alice%40lab.example | LOOKUP_INDEX | alice@lab.example | '' | ''
					HEAD | /pks/lookup?op=get&search=0xa1b2c3d4            | LOOKUP_GET   | 0xa1b2c3d4 | '' | A1B2C3D4
					GET  | /pks/lookup?op=get&search=0x0123456789abcdef    | LOOKUP_GET   | 0x0123456789abcdef | '' | 0123456789ABCDEF
					GET  | /pks/lookup?op=vindex&search=0x0123456789012345678901234567890123456789 | LOOKUP_VINDEX | 0x0123456789012345678901234567890123456789 | 0123456789012345678901234567890123456789 | ''
					GET  | /pks/lookup?op=get&search=0xa1b2c3d4a1b2c3d4a1b2c3d4 | LOOKUP_GET | 0xa1b2c3d4a1b2c3d4a1b2c3d4 | '' | ''
					GET  | /pks/lookup?op=hget&search=0123456789abcdef0123456789abcdef | LOOKUP_HGET | 0123456789abcdef0123456789abcdef | '' | ''
					GET  | /pks/lookup?op=stats&search=x | LOOKUP_STATS | '' | '' | ''
					POST | /pks/add                 | ADD       | '' | '' | ''
					GET  | /pks/add                 | OTHER     | '' | '' | ''
					POST | /pks/hashquery           | HASHQUERY | '' | '' | ''
					POST | /pks/v2/certs            | V2_ADD    | '' | '' | ''
					GET  | /pks/stats               | STATS     | '' | '' | ''
					GET  | /pks/v2/certs/by-identity/a+b%40c | V2_CERTS_BY_IDENTITY | a+b@c | '' | ''
					GET  | /pks/v2/certs/by-keyid/0123456789abcdef | V2_CERTS_BY_KEYID | 0123456789abcdef | '' | 0123456789ABCDEF
					GET  | /pks/v2/certs/by-vfingerprint/040123456789012345678901234567890123456789 | V2_CERTS_BY_VFINGERPRINT | 040123456789012345678901234567890123456789 | 0123456789012345678901234567890123456789 | ''
					GET  | /pks/v2/index/           | OTHER     | '' | '' | ''
					GET  | /pks/nothing             | OTHER     | '' | '' | ''
					""")
	void readsWhatTheGatewayReads(String method, String target, Operation operation, String search, String fingerprint,
			String keyId) {
		HkpQuery query = Targets.hkp(method, target).orElseThrow();
		assertThat(query.operation()).isEqualTo(operation);
		assertThat(query.search()).isEqualTo(search);
		assertThat(query.fingerprint()).isEqualTo(fingerprint);
		assertThat(query.keyId()).isEqualTo(keyId);
	}

	@Test
	void optionsAndFlags() {
		HkpQuery query = Targets
			.hkp("GET", "/pks/lookup?op=index&options=mr,nm&exact=on&hash=on&fingerprint=on&search=a")
			.orElseThrow();
		assertThat(query.options()).containsExactly("mr", "nm");
		assertThat(query.machineReadable()).isTrue();
		assertThat(query.exact() && query.showHash() && query.showFingerprint()).isTrue();
		assertThat(Targets.hkp("GET", "/pks/lookup?op=index&search=a").orElseThrow())
			.isEqualTo(HkpQuery.of(Operation.LOOKUP_INDEX, "a"));
	}

	@Test
	void pathAndQueryAreDecoded() {
		assertThat(Targets.path("/a%20+b?c")).isEqualTo("/a +b");
		assertThat(Targets.query("/a?x=1+2&x=3&%79=&z")).containsOnlyKeys("x", "y", "z").containsEntry("x", "1 2");
		assertThat(Targets.hkp("GET", "/index.html")).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "pks", "/pks/lookup", "/pks/lookup?op=x", "/pks/lookup?op=get&search=%zz" })
	void whatTheGatewayRefusesIsTheTestsFault(String target) {
		assertThatIllegalArgumentException().isThrownBy(() -> Targets.hkp("GET", target));
	}

}
