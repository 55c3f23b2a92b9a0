package org.hkpgateway.grpc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

/**
 * Events and specifications for tests.
 */
final class TestEvents {

	/** Of events on the bus. */
	static final Instant AT = Instant.ofEpochSecond(1_700_000_000);

	private TestEvents() {
	}

	static RequestEvent lookup() {
		return event("192.0.2.7", Headers.of("Host", "keys.lab.example"));
	}

	static RequestEvent event(String client, Headers headers) {
		HkpRequest hkp = new HkpRequest(Operation.LOOKUP_GET, "0xA1B2C3D4", null, "A1B2C3D4", List.of("mr", "nm"), true,
				false, false);
		return new RequestEvent("r-1",
				new RequestHead("GET", "/pks/lookup?op=get&options=mr,nm&search=0xA1B2C3D4&exact=on", headers),
				"/pks/lookup", Map.of("op", "get", "search", "0xA1B2C3D4"), hkp, address(client), true,
				RequestBody.ABSENT, Map.of("other.note", "seen"));
	}

	static InetSocketAddress address(String literal) {
		try {
			return new InetSocketAddress(InetAddress.getByName(literal), 4711);
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	static PluginSpec spec() {
		return spec(PluginSpec.DEFAULT_MAX_MESSAGE_BYTES);
	}

	static PluginSpec spec(int maxMessageBytes) {
		return TestSpec.named("fake")
			.environment(Map.of("LEVEL", "7"))
			.config("{\"threshold\":3}")
			.maxMessageBytes(maxMessageBytes)
			.build();
	}

	static PluginEvent changed(int number, String change) {
		return new Told("key.changed", number, Map.of("fingerprint", "F" + number, "change", change));
	}

	record Told(String type, long sequence, Map<String, String> metadata) implements PluginEvent {

		@Override
		public String id() {
			return "id-" + this.sequence;
		}

		@Override
		public String replica() {
			return "replica-1";
		}

		@Override
		public boolean cluster() {
			return true;
		}

		@Override
		public String source() {
			return "gateway";
		}

		@Override
		public Instant at() {
			return AT;
		}

		@Override
		public String data() {
			return "{\"n\":" + this.sequence + "}";
		}

	}

}
