package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * A plugin that runs: its gRPC server, its threads and their end. Knows nothing of the
 * process around it.
 */
final class PluginServer {

	private static final PluginLog log = PluginLog.get("sdk");

	private static final int QUEUE = 1024;

	private final PluginHandler handler;

	private final ExecutorService control = pool("plugin-control", 1, 4);

	/** Of what the gateway sends by streams. */
	private final ExecutorService readers = pool("plugin-reader", 4, QUEUE);

	/**
	 * One, so that events stay in order; the gateway sends the next when one is answered.
	 */
	private final ExecutorService events = pool("plugin-events", 1, 16);

	private final ExecutorService handlers;

	private final PluginService service;

	private final Listener listener;

	private final String certificate;

	private volatile @Nullable HostChannel host;

	private final AtomicBoolean stopping = new AtomicBoolean();

	private final CountDownLatch stopped = new CountDownLatch(1);

	private PluginServer(PluginHandler handler, Launch launch, boolean epoll, Consumer<Duration> onShutdown)
			throws LaunchException {
		this.handler = handler;
		PluginOptions options = handler.options();
		this.handlers = pool("plugin-handler", Math.max(1, options.threads()), QUEUE);
		Executor executor = (options.threads() == 0) ? Runnable::run : this.handlers;
		this.service = new PluginService(handler, options,
				new Initialization(handler, options, launch, this::openHost, this.readers), executor, this.events,
				this.control, onShutdown);
		Credentials credentials = launch.credentials();
		@Nullable AutoMtls tls = (credentials.gateway() != null) ? AutoMtls.with(credentials.gateway()) : null;
		this.listener = Listener.start(launch.listen(), epoll,
				(builder) -> secure(builder, tls, credentials.secret()).maxInboundMessageSize(options.maxMessageBytes())
					.addService(ServerInterceptors.intercept(this.service, new IncomingTrace()))
					.addService(new StandardHealth(this.stopping::get)));
		this.certificate = (tls != null) ? tls.certificate() : "";
	}

	private HostChannel openHost(HostAddress address) {
		HostChannel opened = new HostChannel(address, this.listener);
		this.host = opened;
		return opened;
	}

	private static NettyServerBuilder secure(NettyServerBuilder builder, @Nullable AutoMtls tls,
			@Nullable Secret secret) {
		if (tls != null) {
			builder.sslContext(tls.context());
		}
		if (secret != null) {
			builder.intercept(new SecretInterceptor(secret)).fallbackHandlerRegistry(new UnknownMethods());
		}
		return builder;
	}

	/**
	 * Starts a server. When this returns it accepts connections.
	 * @param handler the author's
	 * @param launch what the gateway said
	 * @param epoll whether to use epoll where there is one
	 * @param onShutdown called when the gateway asks for the end, with the time there is;
	 * must not block
	 * @return the running server
	 * @throws LaunchException if it cannot listen, or not in the way that was asked
	 */
	static PluginServer start(PluginHandler handler, Launch launch, boolean epoll, Consumer<Duration> onShutdown)
			throws LaunchException {
		return new PluginServer(handler, launch, epoll, onShutdown);
	}

	String handshake() {
		return this.listener.handshake(this.certificate);
	}

	/**
	 * Removes the socket and nothing else: for a process that ends at once.
	 */
	void abandon() {
		this.listener.removeSocketFile();
	}

	/**
	 * Takes no more calls, lets those in flight finish, closes the handler, and removes
	 * the socket file. Blocks for at most about the limit, whatever the handler does.
	 * When called again it waits for the first call.
	 * @param limit how long all of it may take
	 */
	void stop(Duration limit) {
		long deadline = System.nanoTime() + limit.toNanos();
		try {
			if (!this.stopping.compareAndSet(false, true)) {
				this.stopped.await(limit.toNanos(), TimeUnit.NANOSECONDS);
				return;
			}
			this.listener.server().shutdown();
			this.service.endStreams();
			// A third of the time is kept for the handler's own end.
			if (!this.listener.server().awaitTermination(limit.toNanos() * 2 / 3, TimeUnit.NANOSECONDS)) {
				log.warn("calls in flight did not finish in time and are cut off");
				this.listener.server().shutdownNow();
			}
			this.handlers.shutdownNow();
			this.control.shutdownNow();
			this.events.shutdownNow();
			this.readers.shutdownNow();
			closeHandler(deadline);
			closeHost();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.listener.server().shutdownNow();
		}
		finally {
			this.listener.endThread();
			this.listener.removeSocketFile();
			this.stopped.countDown();
		}
	}

	private void closeHost() {
		HostChannel opened = this.host;
		if (opened != null) {
			opened.close();
		}
	}

	private void closeHandler(long deadline) throws InterruptedException {
		Thread closer = new Thread(() -> {
			try {
				this.handler.close();
			}
			catch (Throwable ex) {
				log.thrown(LogLevel.ERROR, "the plugin's close failed", ex);
			}
		}, "plugin-close");
		closer.setDaemon(true);
		closer.start();
		closer.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
		if (closer.isAlive()) {
			log.warn("the plugin's close did not finish in time");
		}
	}

	private static ExecutorService pool(String name, int threads, int queue) {
		ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(queue), new DefaultThreadFactory(name, true));
		// Threads start when first needed and go when idle.
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

}
