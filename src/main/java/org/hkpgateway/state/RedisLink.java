package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.netty.util.HashedWheelTimer;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.log.SparseLines;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The connection to Redis that commands share. A thread of its own, {@code hkp-redis},
 * connects, tells Redis every {@link #BEAT} that this gateway is there, and, while Redis
 * is away, tries each second whether it is back. Nothing that was sent is ever sent
 * again: it may have been done. Thread-safe.
 */
public final class RedisLink implements AutoCloseable {

	/** The longest that a command may take. */
	static final Duration COMMAND_TIMEOUT = Duration.ofMillis(50);

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

	private static final Duration BEAT = Duration.ofSeconds(5);

	private static final Duration RETRY = Duration.ofSeconds(1);

	/** A gateway that has missed so many beats is gone. */
	private static final int BEATS_UNTIL_GONE = 3;

	/** After so many tries in vain a connection that still stands is made anew. */
	private static final int TRIES_PER_CONNECTION = 5;

	/** Commands on their way at a time; more are refused. */
	private static final int MOST_COMMANDS = 10_000;

	private static final byte[][] REPLICAS = { bytes("hkp:replicas") };

	private static final Logger logger = LoggerFactory.getLogger(RedisLink.class);

	private final SparseLines errorLines = new SparseLines();

	private final byte[] replica = bytes(UUID.randomUUID().toString());

	private final RedisAddress address;

	private final Duration commandTimeout;

	private final HashedWheelTimer timer = new HashedWheelTimer(new DefaultThreadFactory("hkp-redis-timer", true), 10,
			TimeUnit.MILLISECONDS);

	private final ClientResources resources;

	private final RedisClient client;

	private final Availability availability;

	private final ReplicaCount replicas = new ReplicaCount();

	private final LongAdder timeouts = new LongAdder();

	private final LongAdder rejected = new LongAdder();

	private final LongAdder errors = new LongAdder();

	private final ScheduledThreadPoolExecutor executor;

	private volatile @Nullable StatefulRedisConnection<byte[], byte[]> connection;

	/** The rest belongs to the thread that beats. */
	private long lastBeat;

	private int triesInVain;

	/**
	 * Connects in the background.
	 * @param address where Redis is
	 * @param consequence what it means that Redis is away, for the log
	 */
	public RedisLink(RedisAddress address, String consequence) {
		this(address, consequence, COMMAND_TIMEOUT);
	}

	RedisLink(RedisAddress address, String consequence, Duration commandTimeout) {
		this.address = address;
		this.commandTimeout = commandTimeout;
		this.availability = new Availability(System::nanoTime, (phase, reason) -> log(phase, reason, consequence));
		this.resources = ClientResources.builder()
			.ioThreadPoolSize(2)
			.computationThreadPoolSize(2)
			.timer(this.timer)
			.build();
		this.client = client(this.resources, address, commandTimeout, MOST_COMMANDS);
		this.executor = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("hkp-redis", true));
		var unused = this.executor.scheduleWithFixedDelay(this::look, 0, RETRY.toMillis(), TimeUnit.MILLISECONDS);
	}

	/** Whose connections do not come back by themselves: they would send things twice. */
	private static RedisClient client(ClientResources resources, RedisAddress address, Duration commandTimeout,
			int mostCommands) {
		RedisClient client = RedisClient.create(resources, address.uri(CONNECT_TIMEOUT));
		client.setOptions(ClientOptions.builder()
			.autoReconnect(false)
			.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
			.requestQueueSize(mostCommands)
			.socketOptions(SocketOptions.builder().connectTimeout(CONNECT_TIMEOUT).keepAlive(true).build())
			.timeoutOptions(TimeoutOptions.enabled(commandTimeout))
			.build());
		return client;
	}

	/**
	 * Another client of the same Redis, on the same threads, so that what it sends is not
	 * in the way of what this one does. Whoever asks for it closes it, before this.
	 * @param commandTimeout the longest that a command may take
	 * @param mostCommands on their way at a time; more are refused
	 */
	RedisClient anotherClient(Duration commandTimeout, int mostCommands) {
		return client(this.resources, this.address, commandTimeout, mostCommands);
	}

	RedisAddress address() {
		return this.address;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private void log(Availability.Phase phase, String reason, String consequence) {
		if (phase == Availability.Phase.UP) {
			logger.info("Redis at {} answers; gateways that share the state of plugins: {}", this.address,
					this.replicas.known());
		}
		else {
			logger.warn("Redis at {} is away: {}; {}", this.address, reason, consequence);
		}
	}

	/**
	 * Runs a script.
	 * @param keys of one hash slot
	 * @param arguments as the script wants them
	 * @return its answer, within {@link #COMMAND_TIMEOUT} for each of two commands at
	 * most, the second where Redis lacks the script; or a {@link StateException}
	 */
	Mono<List<Object>> run(RedisScript script, byte[][] keys, byte[]... arguments) {
		return Mono.defer(() -> {
			StatefulRedisConnection<byte[], byte[]> current = this.connection;
			if (current == null || !this.availability.isUp()) {
				this.rejected.increment();
				return Mono.error(new StateException(StateException.Reason.UNAVAILABLE,
						"expected: a connection to the shared store, got: none; decide without it"));
			}
			return send(current, script, keys, arguments).doOnNext((answer) -> this.availability.answered())
				.onErrorMap(this::failure);
		});
	}

	private static Mono<List<Object>> send(StatefulRedisConnection<byte[], byte[]> connection, RedisScript script,
			byte[][] keys, byte[]... arguments) {
		RedisAsyncCommands<byte[], byte[]> commands = connection.async();
		return Mono
			.fromFuture(() -> commands.<List<Object>>evalsha(script.digest(), ScriptOutputType.MULTI, keys, arguments)
				.toCompletableFuture())
			// Redis was started anew, or another one took over.
			.onErrorResume(RedisNoScriptException.class,
					(ex) -> Mono.fromFuture(
							() -> commands.<List<Object>>eval(script.source(), ScriptOutputType.MULTI, keys, arguments)
								.toCompletableFuture()));
	}

	private StateException failure(Throwable failure) {
		if (failure instanceof RedisCommandTimeoutException) {
			this.timeouts.increment();
			String reason = "no answer within " + this.commandTimeout.toMillis() + " ms";
			this.availability.missed(reason);
			return unavailable(reason, failure);
		}
		if (failure instanceof RedisCommandExecutionException) {
			this.errors.increment();
			this.availability.answered();
			logError(String.valueOf(failure.getMessage()));
			return unavailable(String.valueOf(failure.getMessage()), failure);
		}
		this.rejected.increment();
		return unavailable(failure.toString(), failure);
	}

	/** At most once in ten seconds: it may come with each command. */
	private void logError(String message) {
		this.errorLines.write((unsaid) -> logger.warn("Redis at {} refuses a command: {}{}", this.address, message,
				SparseLines.more(unsaid)));
	}

	private static StateException unavailable(String got, Throwable cause) {
		return new StateException(StateException.Reason.UNAVAILABLE,
				"expected: an answer of the shared store, got: " + got + "; decide without it", cause);
	}

	/** Nothing may be thrown from here: it would end the beat. */
	private void look() {
		try {
			if (!this.availability.isUp() || System.nanoTime() - this.lastBeat >= BEAT.toNanos()) {
				beat();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (RuntimeException | Error ex) {
			logger.error("Redis at {} could not be looked at", this.address, ex);
		}
	}

	private void beat() throws InterruptedException {
		try {
			StatefulRedisConnection<byte[], byte[]> current = this.connection;
			if (current == null || !current.isOpen()) {
				current = connect();
			}
			byte[] limit = bytes(Long.toString(BEAT.multipliedBy(BEATS_UNTIL_GONE).toMillis()));
			List<Object> answer = await(send(current, RedisScript.HEARTBEAT, REPLICAS, this.replica, limit).toFuture());
			this.lastBeat = System.nanoTime();
			this.triesInVain = 0;
			this.replicas.seen(((Long) answer.get(0)).intValue());
			this.availability.reached();
			// It may have been closed since the answer, and that was told before.
			if (!current.isOpen()) {
				this.availability.lost(Watch.CLOSED);
			}
		}
		catch (ExecutionException | TimeoutException | RuntimeException ex) {
			if (ex.getCause() instanceof RedisCommandTimeoutException && this.availability.isUp()) {
				this.availability.missed(reason(ex));
			}
			else {
				this.availability.lost(reason(ex));
			}
			if (++this.triesInVain % TRIES_PER_CONNECTION == 0) {
				drop();
			}
		}
	}

	private StatefulRedisConnection<byte[], byte[]> connect()
			throws InterruptedException, ExecutionException, TimeoutException {
		drop();
		StatefulRedisConnection<byte[], byte[]> fresh = await(
				this.client.connectAsync(ByteArrayCodec.INSTANCE, this.address.uri(CONNECT_TIMEOUT))
					.toCompletableFuture());
		fresh.addListener(new Watch(fresh));
		this.connection = fresh;
		if (!fresh.isOpen()) {
			this.availability.lost(Watch.CLOSED);
		}
		return fresh;
	}

	/** Everything has a shorter limit of its own; this one is for what has not. */
	static <T> T await(Future<T> future) throws InterruptedException, ExecutionException, TimeoutException {
		try {
			return future.get(CONNECT_TIMEOUT.toMillis() * 2, TimeUnit.MILLISECONDS);
		}
		finally {
			future.cancel(true);
		}
	}

	private void drop() {
		StatefulRedisConnection<byte[], byte[]> old = this.connection;
		this.connection = null;
		if (old != null) {
			var unused = old.closeAsync();
		}
	}

	/** Of the innermost cause: the others say that something has failed. */
	static String reason(Throwable failure) {
		Throwable cause = failure;
		while (cause.getCause() != null) {
			cause = cause.getCause();
		}
		return (cause.getMessage() != null) ? cause.getMessage() : cause.toString();
	}

	/** How it stands now. */
	public RedisStatus status() {
		Availability.Status now = this.availability.status();
		return new RedisStatus(this.address.toString(), now.phase() == Availability.Phase.UP,
				Duration.ofNanos(System.nanoTime() - now.since()), now.reason(), this.replicas.known(),
				new RedisStatus.Failures(this.timeouts.sum(), this.rejected.sum(), this.errors.sum()));
	}

	/** Since when it stands so, and how. */
	Availability.Status availability() {
		return this.availability.status();
	}

	/** How many gateways share the state, as far as was known last. */
	int replicas() {
		return this.replicas.known();
	}

	/** Closes the connection. Blocks for a second at most. */
	@Override
	public void close() {
		this.executor.shutdownNow();
		// So that the end of it is no news. The client closes it.
		this.connection = null;
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
		this.resources.shutdown(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
		this.timer.stop();
	}

	/** Of one connection. */
	private final class Watch implements RedisConnectionStateListener {

		static final String CLOSED = "the connection was closed";

		private final StatefulRedisConnection<byte[], byte[]> watched;

		Watch(StatefulRedisConnection<byte[], byte[]> watched) {
			this.watched = watched;
		}

		@Override
		public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
			if (RedisLink.this.connection == this.watched) {
				RedisLink.this.availability.lost(CLOSED);
			}
		}

		@Override
		public void onRedisExceptionCaught(RedisChannelHandler<?, ?> connection, Throwable cause) {
			// The connection is closed then.
		}

	}

}
