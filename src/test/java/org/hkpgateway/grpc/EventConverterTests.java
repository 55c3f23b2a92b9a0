package org.hkpgateway.grpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

import com.google.protobuf.ByteString;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.HandleRequestEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

class EventConverterTests {

	private final EventConverter converter = new EventConverter();

	@Test
	void everyField() {
		HandleRequestEvent message = toMessage(TestEvents.lookup(), 150);
		assertThat(message.getRequestId()).isEqualTo("r-1");
		assertThat(message.getMethod()).isEqualTo("GET");
		assertThat(message.getPath()).isEqualTo("/pks/lookup");
		assertThat(message.getQueryParamsMap()).containsOnly(entry("op", "get"), entry("search", "0xA1B2C3D4"));
		assertThat(message.getRemoteAddr()).isEqualTo("192.0.2.7:4711");
		assertThat(message.getRawTarget().toStringUtf8())
			.isEqualTo("/pks/lookup?op=get&options=mr,nm&search=0xA1B2C3D4&exact=on");
		assertThat(message.getTls()).isTrue();
		assertThat(message.getBodyState()).isEqualTo(BodyState.BODY_ABSENT);
		assertThat(message.getBody().isEmpty()).isTrue();
		assertThat(message.getAnnotationsMap()).containsOnly(entry("other.note", "seen"));
		assertThat(message.getDeadlineMs()).isEqualTo(150);
		assertThat(message.getTraceparent()).isEmpty();
		assertThat(message.getDryRun()).isFalse();
		assertThat(toMessage(TestEvents.lookup().asDryRun(), 150).getDryRun()).isTrue();
		assertThat(message.getCancel()).isFalse();
		org.hkpgateway.proto.HkpRequest hkp = message.getHkp();
		assertThat(hkp.getOperation()).isEqualTo(org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_GET);
		assertThat(hkp.getSearch()).isEqualTo("0xA1B2C3D4");
		assertThat(hkp.getFingerprint()).isEmpty();
		assertThat(hkp.getKeyId()).isEqualTo("A1B2C3D4");
		assertThat(hkp.getOptionsList()).containsExactly("mr", "nm");
		assertThat(hkp.getMachineReadable()).isTrue();
		assertThat(hkp.getExact()).isTrue();
		assertThat(hkp.getShowHash()).isFalse();
		assertThat(hkp.getShowFingerprint()).isFalse();
	}

	@Test
	void targetOutsideHkpHasNoTypedView() {
		RequestEvent event = TestEvents.lookup();
		RequestEvent other = new RequestEvent(event.id(), event.head(), event.path(), event.query(), null,
				event.client(), false, event.body(), event.annotations());
		assertThat(toMessage(other, 1).hasHkp()).isFalse();
	}

	@ParameterizedTest
	@EnumSource
	void operationsHaveEqualNames(Operation operation) {
		assertThat(HkpConverter.toMessage(HkpRequest.of(operation)).getOperation().name()).isEqualTo(operation.name());
	}

	@ParameterizedTest
	@CsvSource({ "192.0.2.7, 192.0.2.7", "2001:db8:0:0:0:0:0:7, 2001:db8::7" })
	void clientAddressCannotBeForged(String client, String bare) {
		HandleRequestEvent message = toMessage(TestEvents.event(client,
				Headers.of("x-forwarded-for", "10.0.0.1", "X-FORWARDED-FOR", "10.0.0.2", "X-Real-IP", "10.0.0.3",
						"Forwarded", "for=10.0.0.4", "X-Forwarded-Host", "evil.example", "X_Forwarded_For", "10.0.0.5",
						"x_real-ip", "10.0.0.6", "X-Forwarded_Proto", "https", "Accept", "*/*")),
				1);
		assertThat(message.getHeadersMap()).containsOnly(entry("X-Forwarded-For", bare), entry("X-Real-Ip", bare),
				entry("Accept", "*/*"));
		assertThat(message.getHeaderFieldsList()).extracting((field) -> field.getName()).containsExactly("Accept");
	}

	@Test
	void repeatedHeadersAreJoinedInTheMapAndKeptInTheFields() {
		HandleRequestEvent message = toMessage(TestEvents.event("192.0.2.7", Headers.of("accept", "a", "cookie", "x=1",
				"ACCEPT", "b", "Cookie", "y=2", "Accept", "", "Host", "keys.lab.example")), 1);
		assertThat(message.getHeadersMap()).containsEntry("Accept", "a, b, ")
			.containsEntry("Cookie", "x=1; y=2")
			.containsEntry("Host", "keys.lab.example")
			.hasSize(5);
		assertThat(message.getHeaderFieldsList()).extracting((field) -> field.getName())
			.containsExactly("accept", "cookie", "ACCEPT", "Cookie", "Accept", "Host");
	}

	@Test
	void headerValuesAndTargetKeepTheirBytes() {
		byte[] bytes = { 'a', (byte) 0xe9, (byte) 0xff, (byte) 0x80 };
		String value = new String(bytes, StandardCharsets.ISO_8859_1);
		RequestEvent event = TestEvents.event("192.0.2.7", Headers.of(List.of(new HeaderField("X-Name", value))))
			.withHead(new RequestHead("GET", "/" + value, Headers.of(List.of(new HeaderField("X-Name", value)))));
		HandleRequestEvent message = toMessage(event, 1);
		assertThat(message.getHeadersOrThrow("X-Name")).isEqualTo("aéÿ\u0080");
		assertThat(message.getHeaderFields(0).getValue()).isEqualTo(ByteString.copyFrom(bytes));
		assertThat(message.getRawTarget())
			.isEqualTo(ByteString.copyFrom(new byte[] { '/' }).concat(ByteString.copyFrom(bytes)));
	}

	@ParameterizedTest
	@CsvSource({ "COMPLETE, BODY_COMPLETE", "PREFIX, BODY_PREFIX" })
	void bodyIsShown(RequestBody.State state, BodyState expected) {
		ByteBuffer bytes = ByteBuffer.wrap(new byte[] { 9, 1, 2, 3 }).position(1);
		RequestEvent event = TestEvents.lookup().withBody(new RequestBody(state, bytes, 7));
		for (int call = 0; call < 2; call++) {
			HandleRequestEvent message = toMessage(event, 1);
			assertThat(message.getBodyState()).isEqualTo(expected);
			assertThat(message.getBody()).isEqualTo(ByteString.copyFrom(new byte[] { 1, 2, 3 }));
			assertThat(message.getBodyLength()).isEqualTo(7);
		}
	}

	@Test
	void withheldBodyHasOnlyItsLength() {
		HandleRequestEvent message = toMessage(TestEvents.lookup().withBody(RequestBody.withheld(-1)), 1);
		assertThat(message.getBodyState()).isEqualTo(BodyState.BODY_WITHHELD);
		assertThat(message.getBody().isEmpty()).isTrue();
		assertThat(message.getBodyLength()).isEqualTo(-1);
	}

	@ParameterizedTest
	@CsvSource({ "-5, 1", "0, 1", "1, 1", "200, 200" })
	void deadlineIsAtLeastOne(long remaining, long expected) {
		assertThat(toMessage(TestEvents.lookup(), remaining).getDeadlineMs()).isEqualTo(expected);
	}

	@Test
	void pluginsThatSeeTheSameEventShareItsParts() {
		RequestEvent event = TestEvents.lookup();
		EncodedEvent first = this.converter.encode(event, "1", 200, "");
		EncodedEvent second = this.converter.encode(event, "2", 120, "");
		assertThat(EncodedEventTests.read(first).getDeadlineMs()).isEqualTo(200);
		assertThat(EncodedEventTests.read(second).getDeadlineMs()).isEqualTo(120);
		assertThat(first).extracting("shared")
			.satisfies((bytes) -> assertThat(second).extracting("shared").isSameAs(bytes));
	}

	@Test
	void otherEventsAreNotMixedUp() {
		for (int i = 0; i < 1000; i++) {
			RequestEvent event = TestEvents.lookup().withHead(new RequestHead("GET", "/" + i, Headers.empty()));
			assertThat(toMessage(event, 1).getRawTarget().toStringUtf8()).isEqualTo("/" + i);
		}
	}

	@Test
	void theTraceIsThatOfTheCallAndNotOfTheEventThatPluginsShare() {
		RequestEvent event = TestEvents.lookup();
		assertThat(toMessage(event, 1).getTraceparent()).isEmpty();
		String traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
		assertThat(toMessage(event, "id", 1, traceparent).getTraceparent()).isEqualTo(traceparent);
		assertThat(toMessage(event, 1).getTraceparent()).isEmpty();
	}

	private HandleRequestEvent toMessage(RequestEvent event, long deadlineMillis) {
		return toMessage(event, event.id(), deadlineMillis, "");
	}

	private HandleRequestEvent toMessage(RequestEvent event, String id, long deadlineMillis, String traceparent) {
		return EncodedEventTests.read(this.converter.encode(event, id, deadlineMillis, traceparent));
	}

}
