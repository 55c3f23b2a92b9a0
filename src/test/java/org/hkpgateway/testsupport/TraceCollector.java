package org.hkpgateway.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.trace.v1.Span;

/**
 * Collects spans as OpenTelemetry sends them over HTTP (OTLP), and keeps them.
 */
public final class TraceCollector implements AutoCloseable {

	private final HttpServer server;

	private final List<Seen> spans = new CopyOnWriteArrayList<>();

	private final List<String> received = new CopyOnWriteArrayList<>();

	public TraceCollector() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.createContext("/v1/traces", this::take);
		this.server.start();
	}

	private void take(HttpExchange exchange) throws IOException {
		byte[] body = exchange.getRequestBody().readAllBytes();
		this.received.add(new String(body, StandardCharsets.ISO_8859_1));
		ExportTraceServiceRequest.parseFrom(body)
			.getResourceSpansList()
			.stream()
			.flatMap((resource) -> resource.getScopeSpansList().stream())
			.flatMap((scope) -> scope.getSpansList().stream())
			.map(Seen::of)
			.forEach(this.spans::add);
		exchange.sendResponseHeaders(200, -1);
		exchange.close();
	}

	/** Where it listens. */
	public String endpoint() {
		return "http://127.0.0.1:" + this.server.getAddress().getPort() + "/v1/traces";
	}

	/** All spans so far. */
	public List<Seen> spans() {
		return List.copyOf(this.spans);
	}

	/** The only span of which something holds. */
	public Seen only(Predicate<Seen> condition) {
		List<Seen> found = this.spans.stream().filter(condition).toList();
		if (found.size() != 1) {
			throw new AssertionError("expected: one such span, got: " + found + " of " + this.spans);
		}
		return found.get(0);
	}

	/** Everything that was sent to it, a character for each byte. */
	public String everything() {
		return String.join("", this.received);
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

	/**
	 * A span.
	 *
	 * @param trace its id, in hexadecimal
	 * @param id its own
	 * @param parent empty for none
	 * @param name its name
	 * @param kind for example {@code SERVER}
	 * @param flags its trace flags
	 * @param failed whether its status is an error
	 * @param attributes as text
	 */
	public record Seen(String trace, String id, String parent, String name, String kind, int flags, boolean failed,
			Map<String, String> attributes) {

		static Seen of(Span span) {
			Map<String, String> attributes = new TreeMap<>();
			span.getAttributesList().forEach((one) -> attributes.put(one.getKey(), text(one.getValue())));
			HexFormat hex = HexFormat.of();
			return new Seen(hex.formatHex(span.getTraceId().toByteArray()),
					hex.formatHex(span.getSpanId().toByteArray()), hex.formatHex(span.getParentSpanId().toByteArray()),
					span.getName(), span.getKind().name().replace("SPAN_KIND_", ""), span.getFlags() & 0xff,
					span.getStatus().getCodeValue() == 2, attributes);
		}

		private static String text(AnyValue value) {
			return switch (value.getValueCase()) {
				case STRING_VALUE -> value.getStringValue();
				case INT_VALUE -> Long.toString(value.getIntValue());
				case BOOL_VALUE -> Boolean.toString(value.getBoolValue());
				case ARRAY_VALUE -> value.getArrayValue().getValuesList().stream().map(Seen::text).toList().toString();
				default -> value.toString();
			};
		}

		/** As W3C Trace Context writes it. */
		public String traceparent() {
			return "00-%s-%s-%02x".formatted(this.trace, this.id, this.flags);
		}

	}

}
