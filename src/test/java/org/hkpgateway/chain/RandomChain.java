package org.hkpgateway.chain;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.plugin.TestSpec;

/**
 * A chain made of a seed. What a plugin does with a request is a function of what it is
 * shown, so that it decides otherwise when it is shown something else; a speculative one
 * does not look at annotations, as it promises.
 */
final class RandomChain {

	final List<PluginSpec> plugins = new ArrayList<>();

	final RequestEvent request;

	final RequestBody body;

	private final long seed;

	RandomChain(long seed, int size) {
		this.seed = seed;
		Random random = new Random(seed);
		boolean mostlySpeculative = random.nextInt(4) > 0;
		for (int i = 0; i < size; i++) {
			TestSpec spec = TestSpec.named("p" + i)
				.order(i)
				.fail(random.nextInt(3) > 0 ? FailPolicy.OPEN : FailPolicy.CLOSED)
				.body(BodyMode.values()[random.nextInt(3)], 4)
				.timeout(Duration.ofMillis(55 + 10 * (Math.floorMod(seed * 31 + i * 7, 8))));
			if (random.nextInt(3) == 0) {
				spec.granted(Capability.HTTP_REQUEST, Capability.HTTP_CREDENTIALS);
			}
			if (random.nextInt(10) < (mostlySpeculative ? 8 : 3)) {
				spec.speculative();
			}
			if (random.nextInt(8) == 0) {
				spec.shadow();
			}
			if (random.nextInt(10) == 0) {
				spec.match(new MatchRules(Set.of("GET"), Set.of(), List.of(), List.of()));
			}
			this.plugins.add(spec.build());
		}
		this.request = new RequestEvent("id",
				new RequestHead("POST", "/pks/add?x=1",
						Headers.of("Host", "keys", "Authorization", "Basic eA==", "X-A", "client")),
				"/pks/add", Map.of("x", "1"), HkpRequest.of(Operation.ADD), new InetSocketAddress("192.0.2.1", 4711),
				false, RequestBody.ABSENT, Map.of());
		this.body = random.nextInt(3) == 0 ? RequestBody.ABSENT : RequestBody.complete(bytes("0123456789"));
	}

	/** What a plugin does when it is shown this. */
	Object behaviour(PluginSpec spec, RequestEvent shown) {
		return behaviour(spec, random(spec, shown, ""));
	}

	/**
	 * How long that takes, in milliseconds: nothing if it is not even asked.
	 * @param behaviour what it does
	 */
	long millis(PluginSpec spec, RequestEvent shown, Object behaviour) {
		boolean refused = behaviour instanceof PluginFailure.BreakerOpen
				|| behaviour instanceof PluginFailure.BulkheadFull || behaviour instanceof PluginFailure.TooLarge;
		return refused ? 0 : 10 * random(spec, shown, "time").nextInt(12);
	}

	private Random random(PluginSpec spec, RequestEvent shown, String what) {
		StringBuilder seen = new StringBuilder(what).append(this.seed)
			.append(spec.id())
			.append(shown.head())
			.append(shown.path())
			.append(new TreeMap<>(shown.query()))
			.append(shown.body().state())
			.append(StandardCharsets.UTF_8.decode(shown.body().bytes().duplicate()));
		if (!spec.speculative()) {
			seen.append(new TreeMap<>(shown.annotations()));
		}
		return new Random(seen.toString().hashCode() * 2654435761L);
	}

	private static Object behaviour(PluginSpec spec, Random random) {
		PluginId id = spec.id();
		return switch (random.nextInt(20)) {
			case 0 -> new PluginFailure.Timeout(id, "late");
			case 1 -> new PluginFailure.Unavailable(id, "gone");
			case 2 -> new PluginFailure.BreakerOpen(id, "open");
			case 3 -> (random.nextInt(3) == 0) ? new PluginFailure.TooLarge(id, "large")
					: new PluginFailure.BulkheadFull(id, "full");
			case 4 -> new Decision.Respond(
					new ResponseHead(random.nextBoolean() ? 403 : 429,
							Headers.of(random.nextBoolean() ? "X-By" : "x-a", "p")),
					bytes("no " + id), Map.of("why", "x" + random.nextInt(9)), "denied");
			default -> proceed(random);
		};
	}

	private static Decision proceed(Random random) {
		if (random.nextInt(3) == 0) {
			return Decision.Continue.UNCHANGED;
		}
		List<HeaderMutation> headers = new ArrayList<>();
		TargetRewrite rewrite = null;
		BodyReplacement body = null;
		if (random.nextInt(3) == 0) {
			headers.add(mutation(random));
		}
		if (random.nextInt(6) == 0) {
			rewrite = switch (random.nextInt(3)) {
				case 0 -> new TargetRewrite("/pks/replace", null);
				case 1 -> new TargetRewrite(null, "y=" + random.nextInt(3));
				default -> new TargetRewrite("/pks//add", null);
			};
		}
		if (random.nextInt(6) == 0) {
			body = new BodyReplacement(bytes("body " + random.nextInt(5)), random.nextBoolean() ? "text/x" : null);
		}
		List<HeaderMutation> response = random.nextInt(4) == 0 ? List.of(mutation(random)) : List.of();
		Map<String, String> annotations = random.nextInt(3) == 0 ? Map.of("n", "" + random.nextInt(9)) : Map.of();
		Duration delay = random.nextInt(6) == 0 ? Duration.ofMillis(1 + random.nextInt(3)) : Duration.ZERO;
		return new Decision.Continue(headers, rewrite, body, response, annotations, "r" + random.nextInt(9), delay);
	}

	/** Short enough for some chains to use it up, in milliseconds. */
	long budget() {
		return 115 + 40 * Math.floorMod(this.seed * 17, 10);
	}

	private static HeaderMutation mutation(Random random) {
		String name = random.nextBoolean() ? "X-A" : "x-b";
		return switch (random.nextInt(4)) {
			case 0 -> new HeaderMutation.Remove(name);
			case 1 -> new HeaderMutation.Append(name, "v" + random.nextInt(3));
			default -> new HeaderMutation.Set(name, "v" + random.nextInt(3));
		};
	}

	static ByteBuffer bytes(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("body " + this.body.state());
		for (PluginSpec spec : this.plugins) {
			text.append(", ").append(spec.id()).append(spec.speculative() ? " speculative" : "");
			text.append(spec.mode() == PluginMode.SHADOW ? " shadow" : "").append(' ').append(spec.fail());
			text.append(" body ").append(spec.body()).append(" match ").append(spec.match());
		}
		return text.toString();
	}

}
