package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Mono;

/**
 * Keeps everything in Redis, shared by all gateways that use it. Each operation is one
 * script, so it is atomic and takes one way there and back; time is that of Redis. While
 * Redis is away everything fails with {@link StateException.Reason#UNAVAILABLE}, within
 * 50 ms. Results come on threads of the connection, which must not be blocked.
 */
public final class RedisStateStore implements StateStore {

	private static final List<String> KEYS = List.of("data", "due", "names", "meta");

	/** What scripts remove of what has expired before they ask for another call. */
	private static final int REMOVED_AT_A_TIME = 1000;

	private final RedisLink link;

	private final StateQuota quota;

	private final LongSupplier micros;

	/**
	 * A store.
	 * @param link leads to Redis
	 * @param quota of each plugin
	 */
	public RedisStateStore(RedisLink link, StateQuota quota) {
		this(link, quota, () -> 0);
	}

	/**
	 * A store for tests.
	 * @param micros the time since 1970 that stands for that of Redis; 0: it does not
	 */
	RedisStateStore(RedisLink link, StateQuota quota, LongSupplier micros) {
		this.link = link;
		this.quota = quota;
		this.micros = micros;
	}

	@Override
	public Mono<StateValue> get(StateKey key) {
		return run(RedisScript.GET, key.plugin(), utf8(key.name()))
			.mapNotNull((reply) -> (reply.size() > 1) ? value(reply.bytes(3), reply.number(1), reply.time(2)) : null);
	}

	@Override
	public Mono<StateValue> put(StateKey key, byte[] value, Duration ttl) {
		return run(RedisScript.PUT, key.plugin(), utf8(key.name()), value, millis(ttl), utf8(""))
			.map((reply) -> value(value, reply.number(2), reply.time(3)));
	}

	@Override
	public Mono<Swap> compareAndSet(StateKey key, long expectedVersion, byte[] value, Duration ttl) {
		byte[] expected = utf8(String.format("%16s", Long.toUnsignedString(expectedVersion)).replace(' ', '0'));
		return run(RedisScript.PUT, key.plugin(), utf8(key.name()), value, millis(ttl), expected).map((reply) -> {
			if (reply.size() == 2) {
				return new Swap(false, Optional.empty());
			}
			boolean stored = reply.number(1) == 1;
			return new Swap(stored,
					Optional.of(value(stored ? value : reply.bytes(4), reply.number(2), reply.time(3))));
		});
	}

	private static StateValue value(byte[] bytes, long version, Duration remaining) {
		return new StateValue(bytes, version, remaining);
	}

	@Override
	public Mono<Integer> delete(StateKey key) {
		return run(RedisScript.DELETE, key.plugin(), utf8(key.name())).map((reply) -> (int) reply.number(1));
	}

	@Override
	public Mono<Count> increment(StateKey key, long delta, Duration window) {
		return run(RedisScript.INCREMENT, key.plugin(), utf8(key.name()), utf8(Long.toString(delta)), millis(window))
			.map((reply) -> {
				if (reply.status().equals("OUT_OF_RANGE")) {
					throw StateException.outOfRange(reply.number(1), delta);
				}
				return new Count(reply.number(1), reply.time(2));
			});
	}

	@Override
	public Mono<Acquired> acquire(StateKey key, long tokens, TokenBucket bucket) {
		return run(RedisScript.ACQUIRE, key.plugin(), utf8(key.name()), number(tokens), number(bucket.capacity()),
				number(bucket.refillTokens()), number(bucket.refillPeriod().toNanos() / 1000))
			.map((reply) -> new Acquired(reply.number(1) == 1, reply.number(2), reply.time(3)));
	}

	@Override
	public Mono<Size> size(PluginId plugin) {
		return run(RedisScript.SIZE, plugin).map((reply) -> new Size(reply.number(1), reply.number(2)));
	}

	@Override
	public Mono<Overview> overview(PluginId plugin, int most) {
		return run(RedisScript.OVERVIEW, plugin, number(most), number(Content.MOST_BYTES)).map((reply) -> {
			List<Entry> entries = new ArrayList<>();
			for (int i = 3; i < reply.size(); i++) {
				entries.add(entry(reply.nested(i)));
			}
			return new Overview(reply.number(1), reply.number(2), entries);
		});
	}

	/** A slot is a name, a zero byte, and a digit for the kind. */
	private static Entry entry(RedisReply reply) {
		byte[] slot = reply.bytes(0);
		int nameBytes = slot.length - 2;
		Kind kind = switch (slot[slot.length - 1]) {
			case '0' -> Kind.VALUE;
			case '1' -> Kind.COUNTER;
			default -> Kind.BUCKET;
		};
		byte[] content = reply.bytes(3);
		return new Entry(kind, new String(slot, 0, nameBytes, StandardCharsets.UTF_8), reply.number(1), reply.time(2),
				Content.of(content, (kind == Kind.VALUE) ? reply.number(1) - nameBytes : content.length));
	}

	private Mono<RedisReply> run(RedisScript script, PluginId plugin, byte[]... arguments) {
		return Mono.defer(() -> {
			byte[][] all = new byte[arguments.length + 3][];
			all[0] = number(this.micros.getAsLong());
			all[1] = number(this.quota.keys());
			all[2] = number(this.quota.bytes());
			System.arraycopy(arguments, 0, all, 3, arguments.length);
			return run(script, keys(plugin), all, this.quota.keys() / REMOVED_AT_A_TIME + 2);
		});
	}

	private Mono<RedisReply> run(RedisScript script, byte[][] keys, byte[][] arguments, long attempts) {
		return this.link.run(script, keys, arguments).map(RedisReply::new).flatMap((reply) -> switch (reply.status()) {
			case "QUOTA" -> Mono.error(this.quota.exceeded(reply.number(1), reply.number(2)));
			case "AGAIN" -> (attempts > 1) ? run(script, keys, arguments, attempts - 1)
					: Mono.error(new StateException(StateException.Reason.UNAVAILABLE,
							"expected: room when what has expired was removed, got: ever more of it; try again"));
			default -> Mono.just(reply);
		});
	}

	/** The name in braces decides the slot of a cluster: it is the same for all four. */
	private static byte[][] keys(PluginId plugin) {
		return KEYS.stream().map((part) -> utf8("hkp:state:{" + plugin.name() + "}:" + part)).toArray(byte[][]::new);
	}

	private static byte[] utf8(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] number(long number) {
		return utf8(Long.toString(number));
	}

	/** Rounded up: what is to expire does not last for ever. */
	private static byte[] millis(Duration time) {
		return number((time.toNanos() + 999_999) / 1_000_000);
	}

	/**
	 * The answer of a script.
	 *
	 * @param parts as the script has named them; the first is its status
	 */
	private record RedisReply(List<Object> parts) {

		int size() {
			return this.parts.size();
		}

		String status() {
			return new String(bytes(0), StandardCharsets.US_ASCII);
		}

		byte[] bytes(int index) {
			return (byte[]) this.parts.get(index);
		}

		/** Scripts give small ones as integers, others as digits. */
		long number(int index) {
			Object part = this.parts.get(index);
			return (part instanceof Long number) ? number
					: Long.parseLong(new String((byte[]) part, StandardCharsets.US_ASCII));
		}

		Duration time(int index) {
			return Duration.of(number(index), ChronoUnit.MICROS);
		}

		@SuppressWarnings("unchecked")
		RedisReply nested(int index) {
			return new RedisReply((List<Object>) this.parts.get(index));
		}

	}

}
