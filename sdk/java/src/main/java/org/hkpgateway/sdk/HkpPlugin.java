package org.hkpgateway.sdk;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * Runs a plugin: {@code public static void main(String[] args)} calls {@link #serve} and
 * nothing else.
 *
 * <p>
 * The process ends
 * <ul>
 * <li>when the gateway calls Shutdown, or on SIGTERM or SIGINT: calls in flight finish,
 * the handler is closed, the socket file is removed, exit code 0;
 * <li>with exit code 1 and without closing the handler when its standard input ends: the
 * gateway holds the other end and never writes to it, so the end means that the gateway
 * has died. Whoever starts a plugin in another way must keep its standard input open;
 * <li>with exit code 1 when it cannot start, after saying why on standard error.
 * </ul>
 *
 * <p>
 * Standard output belongs to the handshake. {@code System.out} is redirected to standard
 * error before anything else happens, so a stray print does no harm.
 *
 * <p>
 * <b>Under a debugger.</b> Started without a gateway and with
 * {@code HKP_PLUGIN_DEBUG=true} in the environment, or the Java option
 * {@code -Dhkp.plugin.debug=true}, the plugin listens on a unix socket in a new directory
 * that only its user can enter, in plaintext, and prints on standard error the setting by
 * which a gateway of the same user (or root) attaches to it. It then runs until its user
 * stops it: neither the end of standard input nor the gateway's Shutdown ends it, and
 * gateways may come and go as long as configuration and grants stay the same. The name in
 * the setting is that of the environment variable {@code PLUGIN_NAME}, if set.
 */
public final class HkpPlugin {

	/** The environment variable by which a plugin knows that a gateway started it. */
	public static final String COOKIE_VARIABLE = "HKP_PLUGIN_COOKIE";

	/** Its value. No secret: it only tells a launch by a gateway from one by hand. */
	public static final String COOKIE = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c";

	/** The major version of the protocol that this SDK speaks. */
	public static final int PROTOCOL_VERSION = 1;

	/** Least level to log: {@code trace}, {@code debug}, {@code info} (default) … */
	public static final String LOG_LEVEL_VARIABLE = "HKP_LOG_LEVEL";

	/** The system property that lets a plugin be started by hand. */
	public static final String DEBUG_PROPERTY = "hkp.plugin.debug";

	/** The environment variable that does the same when it is {@code true}. */
	public static final String DEBUG_VARIABLE = "HKP_PLUGIN_DEBUG";

	private static final String NETTY_EVENTS_PROPERTY = "io.netty.jfr.enabled";

	private static final PluginLog log = PluginLog.get("sdk");

	private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

	private static final Duration SIGNAL_LIMIT = Duration.ofMillis(250);

	private static final Duration FLUSH_LIMIT = Duration.ofMillis(500);

	private final PluginHandler handler;

	private final AtomicBoolean ending = new AtomicBoolean();

	private final CountDownLatch endingBegun = new CountDownLatch(1);

	private volatile @Nullable PluginServer server;

	private HkpPlugin(PluginHandler handler) {
		this.handler = handler;
	}

	/**
	 * Runs the plugin until the gateway or a signal ends it. Never returns: the process
	 * exits.
	 * @param handler the plugin
	 */
	@SuppressWarnings("SystemOut")
	public static void serve(PluginHandler handler) {
		System.setOut(System.err);
		// Before anything of Netty's, which would define a hundred classes for the
		// Flight Recorder at every start, recorded or not.
		if (System.getProperty(NETTY_EVENTS_PROPERTY) == null) {
			System.setProperty(NETTY_EVENTS_PROPERTY, "false");
		}
		try {
			Launch launch = Launch.parse(System.getenv(), Boolean.getBoolean(DEBUG_PROPERTY));
			PluginLog.install(launch.logLevel());
			new HkpPlugin(handler).run(launch);
		}
		catch (LaunchException ex) {
			System.err.println(ex.getMessage());
			PluginLog.flush(FLUSH_LIMIT);
			System.exit(1);
		}
		catch (RuntimeException | LinkageError ex) {
			log.thrown(LogLevel.ERROR, "the plugin cannot start", ex);
			PluginLog.flush(FLUSH_LIMIT);
			System.exit(1);
		}
	}

	private void run(Launch launch) throws LaunchException {
		Thread.setDefaultUncaughtExceptionHandler(
				(thread, ex) -> log.thrown(LogLevel.ERROR, "uncaught exception", ex, "thread", thread.getName()));
		if (!launch.byHand() && !launch.beside()) {
			daemon("plugin-stdin", this::awaitEndOfInput);
		}
		PluginServer started = PluginServer.start(this.handler, launch, true,
				launch.byHand() ? (limit) -> log.info("only its user ends a plugin that was started by hand")
						: (limit) -> daemon("plugin-stop", () -> end(limit)));
		this.server = started;
		TerminationSignal.install(() -> daemon("plugin-stop", () -> end(STOP_LIMIT)));
		// For ends that are not ours to start: an exit by the author's code, for example.
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
			started.stop(STOP_LIMIT);
			PluginLog.flush(FLUSH_LIMIT);
		}, "plugin-exit"));
		if (!Launch.isSpokenBy(System.getenv())) {
			// The gateway compares, and can say what both sides speak.
			log.error("the gateway does not speak this plugin's protocol version", "expected", PROTOCOL_VERSION, "got",
					System.getenv("PLUGIN_PROTOCOL_VERSIONS"));
		}
		if (launch.byHand()) {
			System.err.print(invitation(launch.name(), started.handshake()));
		}
		else {
			shakeHands(started.handshake());
		}
		awaitExit();
	}

	/** Keeps the process alive: every other thread of ours is a daemon. */
	private static void awaitExit() {
		try {
			new CountDownLatch(1).await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static String invitation(String name, String handshake) {
		return """
				this plugin waits for a gateway to attach, until you stop it (Ctrl-C); give the gateway this setting%s:
				hkp.plugins.settings.%s.attach=%s
				""".formatted(name.isEmpty() ? " with the plugin's name in place of <name>" : "",
				name.isEmpty() ? "<name>" : name, handshake);
	}

	private void shakeHands(String line) throws LaunchException {
		// Left open, for the gateway may take its end for ours.
		OutputStream out = new FileOutputStream(FileDescriptor.out);
		try {
			out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
			out.flush();
		}
		catch (IOException ex) {
			throw new LaunchException("expected: to write the handshake to standard output, got: " + ex.getMessage(),
					ex);
		}
	}

	private void end(Duration limit) {
		PluginServer running = this.server;
		if (running != null && this.ending.compareAndSet(false, true)) {
			this.endingBegun.countDown();
			running.stop(limit);
			PluginLog.flush(FLUSH_LIMIT);
			System.exit(0);
		}
	}

	/**
	 * Whether the end has been asked for in the orderly way. A gateway may close our
	 * input and send SIGTERM in one go, so the signal gets a moment to arrive.
	 */
	private boolean isEnding() {
		try {
			return this.endingBegun.await(SIGNAL_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private void awaitEndOfInput() {
		try {
			InputStream in = System.in;
			while (in.read() >= 0) {
				// The gateway has nothing to say here.
			}
		}
		catch (IOException ex) {
			// As good as the end.
		}
		if (isEnding()) {
			return;
		}
		PluginServer running = this.server;
		if (running != null) {
			running.abandon();
		}
		log.error("standard input has ended, so the gateway has died; this plugin ends, too");
		PluginLog.flush(Duration.ofMillis(100));
		Runtime.getRuntime().halt(1);
	}

	private static void daemon(String name, Runnable task) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

}
