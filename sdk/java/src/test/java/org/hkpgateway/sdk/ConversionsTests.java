package org.hkpgateway.sdk;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

import com.google.protobuf.ByteString;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HeaderField;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.hkpgateway.sdk.log.TraceParent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Conversions}.
 */
class ConversionsTests {

	@Test
	void readsARequest() {
		Request request = Conversions.request(event().setMethod("GET")
			.setPath("/pks/lookup")
			.setRawTarget(ByteString.copyFromUtf8("/pks/lookup?op=get&search=0xAB"))
			.putQueryParams("op", "get")
			.putHeaders("Ignored", "when fields are there")
			.addHeaderFields(field("user-agent", "a"))
			.addHeaderFields(field("User-Agent", "ü"))
			.setHkp(HkpRequest.newBuilder()
				.setOperation(HkpRequest.Operation.LOOKUP_GET)
				.setSearch("0xAB")
				.setKeyId("AB")
				.addOptions("mr")
				.setMachineReadable(true))
			.setTls(true)
			.putAnnotations("other.k", "v")
			.build(), Set.of("http.request"));
		assertThat(request.target()).isEqualTo("/pks/lookup?op=get&search=0xAB");
		assertThat(request.query()).containsEntry("op", "get");
		assertThat(request.headers().all("USER-AGENT")).containsExactly("a", "ü");
		assertThat(request.headers().first("User-agent")).contains("a");
		assertThat(request.headers().first("Ignored")).isEmpty();
		assertThat(request.is(Operation.LOOKUP_GET)).isTrue();
		assertThat(request.hkp()).get().extracting(HkpQuery::machineReadable).isEqualTo(true);
		assertThat(request.clientAddress().getHostAddress()).isEqualTo("192.0.2.7");
		assertThat(request.clientPort()).isEqualTo(4711);
		assertThat(request.tls()).isTrue();
		assertThat(request.annotations()).containsEntry("other.k", "v");
		assertThat(request.grants()).containsExactly("http.request");
		assertThat(request.body().state()).isEqualTo(Body.State.ABSENT);
	}

	@Test
	void readsDeadlineAndTrace() {
		Request request = Conversions.request(event().setDeadlineMs(60_000)
			.setTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			.build(), Set.of());
		assertThat(request.deadline().remaining()).isPositive().isLessThanOrEqualTo(Duration.ofMinutes(1));
		assertThat(request.deadline().isOver()).isFalse();
		assertThat(request.traceId()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
		Request without = Conversions.request(event().build(), Set.of());
		assertThat(without.deadline().remaining()).isGreaterThan(Duration.ofDays(365));
		assertThat(without.traceId()).isEmpty();
		assertThat(Deadline.after(Duration.ZERO).isOver()).isTrue();
		assertThat(Deadline.after(Duration.ZERO).remaining()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "00", "00-4bf92f35-00f067aa0ba902b7-01",
			"00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01" })
	void aMalformedTraceHasNoId(String traceparent) {
		assertThat(TraceParent.traceId(traceparent)).isEmpty();
	}

	@Test
	void readsAnAnswerOfTheKeyserver() {
		UpstreamResponse response = Conversions.upstreamResponse(UpstreamResponseEvent.newBuilder()
			.setRequestId("r1")
			.setStatusCode(404)
			.addHeaderFields(field("Server", "ü"))
			.setMethod("GET")
			.setRawTarget(ByteString.copyFromUtf8("/pks/lookup?op=get&search=0xAB"))
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_GET).setSearch("0xAB"))
			.setRemoteAddr("[2001:db8::7]:4711")
			.putAnnotations("other.k", "v")
			.setDeadlineMs(60_000)
			.setUpstreamMs(12)
			.build(), Set.of("http.response"));
		assertThat(response.isError()).isTrue();
		assertThat(response.headers().first("server")).contains("ü");
		assertThat(response.is(Operation.LOOKUP_GET)).isTrue();
		assertThat(response.is(Operation.ADD)).isFalse();
		assertThat(response.request()).get()
			.returns("/pks/lookup?op=get&search=0xAB", AnsweredRequest::target)
			.returns("2001:db8:0:0:0:0:0:7", (request) -> request.clientAddress().getHostAddress());
		assertThat(response.annotations()).containsEntry("other.k", "v");
		assertThat(response.upstream()).hasMillis(12);
		assertThat(response.deadline().remaining()).isPositive();
	}

	@Test
	void anAnswerWithoutItsRequest() {
		UpstreamResponse response = Conversions.upstreamResponse(
				UpstreamResponseEvent.newBuilder().setRequestId("r1").setStatusCode(200).build(), Set.of());
		assertThat(response.request()).isEmpty();
		assertThat(response.is(Operation.OTHER)).isFalse();
		assertThat(response.isError()).isFalse();
	}

	@Test
	void warmingUpWorks() {
		assertThat(WarmUp.run()).isPositive();
	}

	@Test
	void outsideHkpThereIsNoQuery() {
		Request request = Conversions.request(event().setPath("/").putHeaders("Host", "x").build(), Set.of());
		assertThat(request.hkp()).isEmpty();
		assertThat(request.is(Operation.OTHER)).isFalse();
		assertThat(request.target()).isEqualTo("/");
		assertThat(request.headers().first("host")).contains("x");
	}

	@Test
	void theBodyCanBeReadTwice() {
		Body body = Conversions
			.request(event().setBody(ByteString.copyFromUtf8("abc"))
				.setBodyState(BodyState.BODY_PREFIX)
				.setBodyLength(10)
				.build(), Set.of())
			.body();
		assertThat(body.state()).isEqualTo(Body.State.PREFIX);
		assertThat(body.declaredLength()).isEqualTo(10);
		for (int i = 0; i < 2; i++) {
			assertThat(StandardCharsets.UTF_8.decode(body.bytes()).toString()).isEqualTo("abc");
		}
		assertThat(body.bytes().isReadOnly()).isTrue();
	}

	@ParameterizedTest
	@EnumSource
	void everyOperationHasACounterpart(Operation operation) {
		HkpRequest hkp = HkpRequest.newBuilder().setOperation(HkpRequest.Operation.valueOf(operation.name())).build();
		assertThat(Conversions.request(event().setHkp(hkp).build(), Set.of()).is(operation)).isTrue();
	}

	@Test
	void anOperationOfALaterVersionIsOther() {
		HkpRequest hkp = HkpRequest.newBuilder().setOperationValue(99).build();
		assertThat(Conversions.request(event().setHkp(hkp).build(), Set.of()).is(Operation.OTHER)).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "192.0.2.7:4711,192.0.2.7,4711", "[2001:db8::7]:1,2001:db8:0:0:0:0:0:7,1",
			"[::ffff:192.0.2.7]:80,192.0.2.7,80", "[::1]:0,0:0:0:0:0:0:0:1,0" })
	void clients(String text, String address, int port) {
		assertThat(Conversions.client(text).getAddress().getHostAddress()).isEqualTo(address);
		assertThat(Conversions.client(text).getPort()).isEqualTo(port);
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "", ":", "192.0.2.7", "localhost:80", "192.0.2.7:x", "192.0.2.7:70000", "[]:1", "1.2.3:4" })
	void badClientsAreAProtocolErrorAndNeverANameLookUp(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> Conversions.client(text))
			.withMessageContaining("got: '" + text + "'");
	}

	private static HandleRequestEvent.Builder event() {
		return HandleRequestEvent.newBuilder().setRequestId("r1").setRemoteAddr("192.0.2.7:4711");
	}

	private static HeaderField field(String name, String value) {
		return HeaderField.newBuilder()
			.setName(name)
			.setValue(ByteString.copyFrom(value, StandardCharsets.ISO_8859_1))
			.build();
	}

}
