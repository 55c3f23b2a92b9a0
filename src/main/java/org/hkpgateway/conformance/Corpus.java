package org.hkpgateway.conformance;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;

/**
 * Requests as keyservers get them, and as they get them from nobody with good intentions,
 * each from a client of its own. All are such that the gateway would show them to a
 * plugin.
 */
final class Corpus {

	private static final String FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String KEY = """
			-----BEGIN PGP PUBLIC KEY BLOCK-----

			mDMEZZZZZBYJKwYBBAHaRw8BAQdAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
			=AAAA
			-----END PGP PUBLIC KEY BLOCK-----
			""";

	private static final int LARGE = 1_550_000;

	private final PluginSpec spec;

	private final List<CorpusItem> items = new ArrayList<>();

	private Corpus(PluginSpec spec) {
		this.spec = spec;
	}

	/**
	 * Puts it together.
	 * @param spec whose view of bodies and credentials to take
	 */
	static List<CorpusItem> of(PluginSpec spec) {
		Corpus corpus = new Corpus(spec);
		corpus.clients();
		corpus.operations();
		corpus.uploads();
		corpus.oddities();
		return List.copyOf(corpus.items);
	}

	private void clients() {
		add("gpg-search", "GET", "/pks/lookup?op=index&options=mr&fingerprint=on&search=alice@lab.example", gpg());
		add("gpg-receive", "GET", "/pks/lookup?op=get&options=mr&search=0x" + FINGERPRINT, gpg());
		add("gpg-receive-exact", "GET", "/pks/lookup?op=get&options=mr&search=0x" + FINGERPRINT + "&exact=on", gpg());
		add("sq-receive", "GET", "/pks/lookup?op=get&options=mr&search=" + FINGERPRINT,
				Headers.of("host", "keys.example", "accept", "*/*"));
		add("browser-index", "GET", "/pks/lookup?op=vindex&search=bob", browser());
		add("browser-front-page", "GET", "/", browser());
		add("browser-icon", "GET", "/favicon.ico", browser());
		add("browser-preflight", "OPTIONS", "/pks/lookup?op=get&search=0x" + FINGERPRINT,
				browser().with("Origin", "https://mail.example").with("Access-Control-Request-Method", "GET"));
		add("head-of-lookup", "HEAD", "/pks/lookup?op=get&search=0x" + FINGERPRINT, browser());
		// A peer keyserver: HTTP/1.0 without Host, the body is a count and digests.
		byte[] digests = new byte[4 + 20];
		digests[3] = 1;
		digests[7] = 16;
		add("sks-hashquery", "POST", "/pks/hashquery", Headers.of("Content-Length", "24"), digests);
	}

	private void operations() {
		for (String op : List.of("get", "hget", "index", "vindex", "stats")) {
			add("lookup-" + op, "GET", "/pks/lookup?op=" + op + "&search="
					+ (op.equals("hget") ? "0123456789ABCDEF0123456789ABCDEF" : "0x0123456789ABCDEF") + "&hash=on",
					gpg());
		}
		add("stats", "GET", "/pks/stats", browser());
		add("health", "GET", "/pks/health", browser());
		add("v2-by-fingerprint", "GET", "/pks/v2/certs/by-vfingerprint/04" + FINGERPRINT, browser());
		add("v2-by-identity", "GET", "/pks/v2/certs/by-identity/alice%40lab.example", browser());
		add("v2-by-keyid", "GET", "/pks/v2/certs/by-keyid/0123456789ABCDEF", browser());
		add("v2-index", "GET", "/pks/v2/index/alice%40lab.example", browser());
		add("v2-prefixlog", "GET", "/pks/v2/prefixlog/2026-01-01", browser());
		add("unknown-path", "GET", "/pks/x-other", browser());
	}

	private void uploads() {
		byte[] form = ("keytext=" + KEY.replace("\n", "%0A").replace(" ", "+").replace("=", "%3D"))
			.getBytes(StandardCharsets.US_ASCII);
		for (String operation : List.of("add", "replace", "delete")) {
			add("upload-" + operation, "POST", "/pks/" + operation, form(form.length), form);
		}
		add("upload-v2", "POST", "/pks/v2/certs", Headers.of("Host", "keys.example", "Content-Type", "application/pgp"),
				new byte[] { (byte) 0x98, 0x33, 4, 0, (byte) 0xff });
		add("upload-empty", "POST", "/pks/add", form(0), new byte[0]);
		add("upload-nonsense", "POST", "/pks/add", form(6), "a%zz=&".getBytes(StandardCharsets.US_ASCII));
		byte[] binary = new byte[1024];
		Arrays.fill(binary, (byte) 0xfe);
		add("upload-binary", "POST", "/pks/add", form(binary.length), binary);
		byte[] large = new byte[LARGE];
		Arrays.fill(large, (byte) 'A');
		System.arraycopy("keytext=".getBytes(StandardCharsets.US_ASCII), 0, large, 0, 8);
		add("upload-large", "POST", "/pks/add", form(large.length), large);
	}

	private void oddities() {
		add("empty-search", "GET", "/pks/lookup?op=index&search=", gpg());
		add("no-headers", "GET", "/pks/lookup?op=get&search=0x" + FINGERPRINT, Headers.empty());
		add("wildcard-search", "GET", "/pks/lookup?op=index&search=%25", gpg());
		add("long-search", "GET", "/pks/lookup?op=index&search=" + "a".repeat(7000), gpg());
		// In a search it would be refused, as nobody knows what it means.
		add("non-utf8-parameter", "GET", "/pks/lookup?op=index&search=a&x-other=%ff%fe%c3%28", gpg());
		add("non-utf8-target", "GET", "/x-\u00e9\u00ff?a=\u00fe", gpg());
		add("non-utf8-header", "GET", "/pks/stats", gpg().with("User-Agent", "\u00ff\u00fe \u00e9"));
		add("utf8-search", "GET", "/pks/lookup?op=index&search=%F0%9F%94%91+J%C3%BCrgen", gpg());
		add("broken-escape", "GET", "/static/%zz?a=%", browser());
		add("repeated-headers", "GET", "/pks/stats", gpg().with("Accept", "text/plain").with("accept", "*/*"));
		Headers many = gpg();
		for (int i = 0; i < 90; i++) {
			many = many.with("X-Header-" + i, "v".repeat(60));
		}
		add("many-headers", "GET", "/pks/stats", many);
		add("long-header", "GET", "/pks/stats", gpg().with("X-Long", "v".repeat(12_000)));
		add("empty-header", "GET", "/pks/stats", gpg().with("X-Empty", "").with("User-Agent", ""));
		add("put", "PUT", "/pks/lookup", Headers.of("Host", "keys.example", "Content-Length", "1"), new byte[1]);
		for (String address : List.of("2001:db8::7", "::1", "fe80::1", "192.0.2.255", "0.0.0.0")) {
			add("client-" + address.replace(':', '.'), "GET", "/pks/lookup?op=index&search=alice", gpg(), null,
					address);
		}
		CorpusItem plain = this.items.get(0);
		RequestEvent event = plain.event();
		this.items.add(new CorpusItem("noted-over-tls",
				new RequestEvent("c-noted-over-tls", event.head(), event.path(), event.query(), event.hkp(),
						client(250), true, event.body(),
						Map.of("other.note", "a note of \u00e9 plugin before", "x.y", ""))));
		if (this.spec.granted().contains(Capability.HTTP_CREDENTIALS)) {
			add("credentials", "GET", "/pks/stats",
					gpg().with("Authorization", "Basic eDp5").with("Cookie", "a=b").with("Cookie", "c=d"));
		}
	}

	private static Headers gpg() {
		return Headers.of("Host", "keys.example:11371", "Pragma", "no-cache", "Cache-Control", "no-cache");
	}

	private static Headers browser() {
		return Headers.of("Host", "keys.example", "User-Agent",
				"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept",
				"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language", "en-US,en;q=0.5",
				"Accept-Encoding", "gzip, deflate");
	}

	private static Headers form(int length) {
		return Headers.of("Host", "keys.example", "Content-Type", "application/x-www-form-urlencoded", "Content-Length",
				Integer.toString(length));
	}

	private void add(String name, String method, String target, Headers headers) {
		add(name, method, target, headers, null);
	}

	private void add(String name, String method, String target, Headers headers, byte @Nullable [] body) {
		add(name, method, target, headers, body, null);
	}

	private void add(String name, String method, String target, Headers headers, byte @Nullable [] body,
			@Nullable String address) {
		HkpTarget understood = HkpTargets.parse(method, target);
		if (understood instanceof HkpTarget.Refused refused) {
			throw new IllegalStateException(name + ": no plugin is shown this target: " + refused.reason());
		}
		HkpRequest hkp = (understood instanceof HkpTarget.Hkp known) ? known.request() : null;
		RequestEvent event = RequestEvent.arrived("c-" + name, new RequestHead(method, target, headers), hkp,
				(address != null) ? new InetSocketAddress(inet(address), 4711) : client(this.items.size()), false);
		this.items.add(new CorpusItem(name, (body != null) ? event.withBody(shown(body)) : event));
	}

	/** As much as the gateway would show. */
	private RequestBody shown(byte[] body) {
		return switch (this.spec.body()) {
			case NONE -> RequestBody.withheld(body.length);
			case FULL -> RequestBody.complete(ByteBuffer.wrap(body));
			case PREFIX -> (body.length <= this.spec.bodyPrefixBytes()) ? RequestBody.complete(ByteBuffer.wrap(body))
					: new RequestBody(RequestBody.State.PREFIX,
							ByteBuffer.wrap(body, 0, this.spec.bodyPrefixBytes()).slice(), body.length);
		};
	}

	/** One of some clients: addresses that are nobody's, RFC 5737. */
	static InetSocketAddress client(int number) {
		return new InetSocketAddress(inet("198.51.100." + number % 256), 1024 + number % 60_000);
	}

	private static InetAddress inet(String literal) {
		try {
			return InetAddress.getByName(literal);
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException(literal, ex);
		}
	}

}
