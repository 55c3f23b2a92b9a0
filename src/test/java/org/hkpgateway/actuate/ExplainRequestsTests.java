package org.hkpgateway.actuate;

import java.nio.charset.StandardCharsets;

import org.hkpgateway.proxy.ExplainedRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ExplainRequests}.
 */
class ExplainRequestsTests {

	@Test
	void defaults() {
		ExplainedRequest request = read("{\"target\":\"/\"}");
		assertThat(request.method()).isEqualTo("GET");
		assertThat(request.version()).isEqualTo("1.1");
		assertThat(request.fields()).isEmpty();
		assertThat(request.body().hasRemaining()).isFalse();
		assertThat(request.peer().getAddress().isLoopbackAddress()).isTrue();
		assertThat(request.tls()).isFalse();
		assertThat(request.force()).isFalse();
	}

	@Test
	void everything() {
		ExplainedRequest request = read("""
				{"method": "POST", "target": "/pks/add", "version": "1.0", "headers": {"A": "1", "B": ["2", "3"]},
				 "bodyBase64": "AAE=", "client": "[2001:db8::7]:4711", "tls": true, "force": true}""");
		assertThat(request.method()).isEqualTo("POST");
		assertThat(request.version()).isEqualTo("1.0");
		assertThat(request.fields()).containsExactly("A: 1", "B: 2", "B: 3");
		assertThat(request.body().remaining()).isEqualTo(2);
		assertThat(request.peer().getPort()).isEqualTo(4711);
		assertThat(request.tls()).isTrue();
		assertThat(request.force()).isTrue();
	}

	@Test
	void headersMayBeLines() {
		assertThat(read("{\"target\":\"/\",\"headers\":[\"A: 1\",\"A: 2\"]}").fields()).containsExactly("A: 1", "A: 2");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					nonsense                             | expected: a JSON object, got: Unrecognized token
					[]                                   | expected: a JSON object, got: an array
					{}                                   | target: expected: a string, got: nothing
					{"target":7}                         | target: expected: a string, got: 7
					{"target":"/","bdoy":"","x":1}       | got also: bdoy, x
					{"target":"/","version":"2"}         | version: expected: 1.0 or 1.1, got: 2
					{"target":"/","tls":"yes"}           | tls: expected: true or false, got: "yes"
					{"target":"/","headers":"A: 1"}      | headers: expected: an object of names and values, or a list of lines, got: "A: 1"
					{"target":"/","headers":{"A":1}}     | headers: expected: a string or a list of strings, got: 1
					{"target":"/","client":"me"}         | client: expected: an IP address, perhaps with a port
					{"target":"/","bodyBase64":"%"}      | bodyBase64: expected: Base64
					{"target":"/","body":"","bodyBase64":""} | expected: body or bodyBase64, got: both
					""")
	void mistakesAreExplained(String text, String message) {
		assertThatIllegalArgumentException().isThrownBy(() -> read(text)).withMessageContaining(message);
	}

	private static ExplainedRequest read(String text) {
		return ExplainRequests.read(text.getBytes(StandardCharsets.UTF_8));
	}

}
