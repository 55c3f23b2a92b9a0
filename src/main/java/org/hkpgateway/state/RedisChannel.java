package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Messages between all gateways that share a database of Redis, by its publish and
 * subscribe: each reaches those who listen at the time, also the one who sends it, once
 * at most. Redis keeps none.
 * <p>
 * Two connections of its own, one to listen and one to send, beside that of
 * {@link RedisLink}. A thread of its own, {@code hkp-redis-channel}, makes them, sends
 * itself something every {@link #BEAT}, and makes them anew when it does not come back.
 * Nothing that was sent is ever sent again. Thread-safe.
 */
public final class RedisChannel implements AutoCloseable {

	/** The longest until it is known that a message is on its way. */
	private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(2);

	private static final Duration BEAT = Duration.ofSeconds(3);

	/** Without a sign of itself for so long it takes the connections for dead. */
	private static final Duration SILENCE = Duration.ofSeconds(10);

	private static final Duration RETRY = Duration.ofSeconds(1);

	/** When Redis comes back others need a moment, too, until they listen. */
	private static final Duration PATIENCE = RETRY.multipliedBy(2);

	/** On their way at a time; more are refused. */
	private static final int MOST_COMMANDS = 2_000;

	private static final Logger logger = LoggerFactory.getLogger(RedisChannel.class);

	private final RedisLink link;

	private final Listener listener;

	/**
	 * With the number of the database: who publishes and subscribes shares a server, not
	 * a database.
	 */
	private final byte[] name;

	private final byte[] echo;

	private final ScheduledThreadPoolExecutor executor;

	private volatile @Nullable Session session;

	/** The rest belongs to the thread that connects. */
	private boolean joinedBefore;

	private boolean toldAway;

	/**
	 * Connects in the background.
	 * @param link leads to the same Redis; has to be closed after this
	 * @param listener gets messages; some may come just before it is told that they do
	 */
	public RedisChannel(RedisLink link, Listener listener) {
		this.link = link;
		this.listener = listener;
		String prefix = "hkp:events:" + link.address().database();
		this.name = bytes(prefix);
		this.echo = bytes(prefix + ":" + UUID.randomUUID());
		this.executor = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("hkp-redis-channel", true));
		var unused = this.executor.scheduleWithFixedDelay(this::look, 0, RETRY.toMillis(), TimeUnit.MILLISECONDS);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Whether messages come, as far as is known.
	 * @return false: what others send now is missed
	 */
	public boolean isJoined() {
		Session current = this.session;
		return current != null && current.isOpen();
	}

	/**
	 * Whether a message can be sent now, as far as is known.
	 * @return false as long as nobody listens, and for a moment after that
	 */
	public boolean isReady() {
		Session current = this.session;
		return current != null && current.isOpen() && System.nanoTime() - current.readyAt >= 0;
	}

	/**
	 * Sends a message behind those that were sent before. Nothing happens until the
	 * result is subscribed to, and nothing blocks then.
	 * @param message not copied, so not to be changed any more
	 * @return ends when Redis has it; or fails within two seconds, and Redis may have it
	 * all the same
	 */
	public Mono<Void> send(byte[] message) {
		return Mono.defer(() -> {
			Session current = this.session;
			if (current == null) {
				return Mono.error(new StateException(StateException.Reason.UNAVAILABLE,
						"expected: a connection to Redis, got: none"));
			}
			RedisAsyncCommands<byte[], byte[]> commands = current.sending.async();
			return Mono.fromFuture(() -> commands.publish(this.name, message).toCompletableFuture()).then();
		});
	}

	/** Nothing may be thrown from here: it would be the last look. */
	private void look() {
		try {
			Session current = this.session;
			String fault = (current != null) ? current.fault() : null;
			if (current != null && fault == null) {
				current.beat();
				return;
			}
			if (current != null) {
				this.session = null;
				current.close();
				tellAway(String.valueOf(fault));
			}
			join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (RuntimeException | Error ex) {
			logger.error("The channel at Redis {} could not be looked at", this.link.address(), ex);
		}
	}

	private void join() throws InterruptedException {
		try {
			Session fresh = open();
			fresh.readyAt = System.nanoTime() + (this.joinedBefore ? PATIENCE.toNanos() : 0);
			this.session = fresh;
		}
		catch (ExecutionException | TimeoutException | RuntimeException ex) {
			tellAway(RedisLink.reason(ex));
			return;
		}
		this.joinedBefore = true;
		this.toldAway = false;
		logger.info("Redis at {}: events of other gateways come", this.link.address());
		this.listener.joined();
	}

	private Session open() throws InterruptedException, ExecutionException, TimeoutException {
		RedisClient client = this.link.anotherClient(COMMAND_TIMEOUT, MOST_COMMANDS);
		RedisURI uri = this.link.address().uri(COMMAND_TIMEOUT);
		boolean open = false;
		try {
			Session fresh = new Session(client, //
					RedisLink.await(client.connectAsync(ByteArrayCodec.INSTANCE, uri).toCompletableFuture()),
					RedisLink.await(client.connectPubSubAsync(ByteArrayCodec.INSTANCE, uri).toCompletableFuture()));
			fresh.receiving.addListener(fresh);
			RedisLink.await(fresh.receiving.async().subscribe(this.name, this.echo));
			open = true;
			return fresh;
		}
		finally {
			if (!open) {
				shutDown(client);
			}
		}
	}

	/** With its connections. Does not wait for it. */
	private static void shutDown(RedisClient client) {
		var unused = client.shutdownAsync(0, 1, TimeUnit.SECONDS);
	}

	/** Once, until it has joined again. */
	private void tellAway(String reason) {
		if (!this.toldAway) {
			this.toldAway = true;
			logger
				.warn("Redis at {}: no events of other gateways come: {}; until they do again, this one hears of what "
						+ "happens here alone", this.link.address(), reason);
		}
	}

	/** Closes the connections. Blocks for a second at most. */
	@Override
	public void close() {
		this.executor.shutdownNow();
		try {
			var unused = this.executor.awaitTermination(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Session last = this.session;
		this.session = null;
		if (last != null) {
			last.close();
		}
	}

	/**
	 * Gets messages on a thread of the client library, or of the channel: must not block.
	 */
	public interface Listener {

		/**
		 * A message has come, perhaps this gateway's own.
		 * @param message the receiver's to keep
		 */
		void received(byte[] message);

		/** From now on messages come. Before this, some may have been missed. */
		void joined();

	}

	/** From a connection to its end. */
	private final class Session extends RedisPubSubAdapter<byte[], byte[]> {

		private final RedisClient client;

		private final StatefulRedisConnection<byte[], byte[]> sending;

		private final StatefulRedisPubSubConnection<byte[], byte[]> receiving;

		private volatile long readyAt;

		/** That something came. */
		private volatile long heard = System.nanoTime();

		/** That something that was sent has arrived. */
		private volatile long answered = System.nanoTime();

		private volatile boolean closed;

		/** Touched by one thread. */
		private long beaten = System.nanoTime();

		Session(RedisClient client, StatefulRedisConnection<byte[], byte[]> sending,
				StatefulRedisPubSubConnection<byte[], byte[]> receiving) {
			this.client = client;
			this.sending = sending;
			this.receiving = receiving;
		}

		boolean isOpen() {
			return this.sending.isOpen() && this.receiving.isOpen();
		}

		/** What is wrong with it; null: nothing that is known. */
		@Nullable String fault() {
			if (!isOpen()) {
				return "the connection was closed";
			}
			if (System.nanoTime() - this.heard > SILENCE.toNanos()) {
				return "expected: a message to itself within " + SILENCE.toSeconds() + " s, got: none";
			}
			if (System.nanoTime() - this.answered > SILENCE.toNanos()) {
				return "expected: an answer to what it sends within " + SILENCE.toSeconds() + " s, got: none";
			}
			return null;
		}

		void beat() {
			if (System.nanoTime() - this.beaten >= BEAT.toNanos()) {
				this.beaten = System.nanoTime();
				var unused = this.sending.async()
					.publish(RedisChannel.this.echo, new byte[0])
					.thenRun(() -> this.answered = System.nanoTime());
			}
		}

		@Override
		public void message(byte[] channel, byte[] message) {
			if (this.closed) {
				return;
			}
			this.heard = System.nanoTime();
			if (Arrays.equals(channel, RedisChannel.this.name)) {
				RedisChannel.this.listener.received(message);
			}
		}

		/** What is still on its way to it is heard no more. */
		void close() {
			this.closed = true;
			shutDown(this.client);
		}

	}

}
