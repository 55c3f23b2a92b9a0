package org.hkpgateway.state;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.RedisServer;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Messages between gateways by way of a real Redis, which dies, hangs and comes back.
 */
@Timeout(180)
class RedisChannelIT extends AbstractRedisIT {

	RedisChannelIT() {
		super(RedisChannel.class);
	}

	private Gateway gateway(String url) {
		return opened(new Gateway(url));
	}

	private Gateway joined(String url) {
		Gateway gateway = gateway(url);
		await("a connection", () -> gateway.joined.get() == 1 && gateway.channel.isReady());
		return gateway;
	}

	@Test
	void aMessageReachesAllInOrder() {
		RedisServer server = opened(RedisServer.start());
		Gateway one = joined(server.url());
		Gateway two = joined(server.url());
		Gateway elsewhere = joined(server.url() + "/1");
		List<String> sent = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			sent.add("message " + i);
		}
		Flux.fromIterable(sent).flatMap(one::send, 1000).blockLast(LONG);
		byte[] large = new byte[120_000];
		Arrays.fill(large, (byte) 0xff);
		one.channel.send(large).block(LONG);
		for (Gateway gateway : List.of(one, two)) {
			await("all messages", () -> gateway.received.size() == 1001);
			assertThat(gateway.texts().subList(0, 1000)).isEqualTo(sent);
			assertThat(List.copyOf(gateway.received).get(1000)).isEqualTo(large);
		}
		// Who names another database shares nothing.
		elsewhere.send("mine").block(LONG);
		await("its own message", () -> elsewhere.received.size() == 1);
		assertThat(elsewhere.texts()).containsExactly("mine");
		assertThat(two.received).hasSize(1001);
	}

	@Test
	void afterACrashItJoinsAgainAndNothingComesTwice() {
		RedisServer server = opened(RedisServer.start());
		Gateway one = joined(server.url());
		Gateway two = joined(server.url());
		one.send("before").block(LONG);
		await("a message", () -> two.received.size() == 1);
		for (int i = 1; i <= 2; i++) {
			int joins = i + 1;
			server.kill();
			await("that it is noticed", () -> !one.channel.isJoined() && !two.channel.isJoined());
			assertThat(one.channel.isReady()).isFalse();
			assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> one.send("lost").block(LONG));
			server.launch();
			await("that they are back", () -> one.joined.get() == joins && two.joined.get() == joins);
			await("that it sends again", () -> one.channel.isReady());
			one.send("after " + i).block(LONG);
			// A crash may take with it what Redis has not passed on yet.
			await("the message", () -> two.received.size() == joins);
		}
		assertThat(two.texts()).containsExactly("before", "after 1", "after 2");
		assertThat(logged()).filteredOn((line) -> line.startsWith("WARN")).hasSize(4);
	}

	/** What others send goes on to come, by the other connection. */
	@Test
	void aConnectionToSendByThatIsDeadIsNoticed() throws Exception {
		RedisServer server = opened(RedisServer.start());
		OneWay way = opened(new OneWay(server.port()));
		Gateway two = joined(server.url());
		Gateway one = joined("redis://127.0.0.1:" + way.port());
		way.silent = true;
		await("that it is noticed", () -> {
			two.send("more").block(LONG);
			return logged().stream().anyMatch((line) -> line.contains("expected: an answer to what it sends"));
		});
		assertThat(one.received).isNotEmpty();
		way.silent = false;
		await("that it is back", () -> one.joined.get() == 2 && one.channel.isReady());
		int before = two.received.size();
		one.send("after").block(LONG);
		await("the message", () -> two.received.size() > before);
	}

	/** The kernel goes on to accept what nobody reads. */
	@Test
	void aRedisThatHangsIsNoticed() {
		RedisServer server = opened(RedisServer.start());
		Gateway one = joined(server.url());
		Gateway two = joined(server.url());
		server.freeze();
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> one.send("hangs").block(LONG));
		await("that it is noticed", () -> !one.channel.isJoined() && !two.channel.isJoined());
		assertThat(logged()).anyMatch((line) -> line.startsWith("WARN Redis at " + server.url()
				+ ": no events of other gateways come: expected: a message to itself within 10 s, got: none; "));
		server.thaw();
		await("that they are back", () -> one.channel.isReady() && two.joined.get() == 2);
		one.send("after").block(LONG);
		await("a message", () -> two.texts().contains("after"));
		// The one that hung may have got there, but not more than once.
		assertThat(two.texts()).doesNotHaveDuplicates();
	}

	@Test
	void withoutRedisItWaitsAndTellsSoOnce() {
		RedisServer server = opened(RedisServer.stopped());
		Gateway gateway = gateway(server.url());
		await("a line in the log", () -> logged().size() == 1);
		assertThat(logged().get(0)).startsWith("WARN Redis at " + server.url() + ": no events of other gateways come: ")
			.containsIgnoringCase("connection refused");
		assertThatExceptionOfType(StateException.class).isThrownBy(() -> gateway.send("x").block(LONG))
			.withMessage("expected: a connection to Redis, got: none");
		server.launch();
		await("a connection", () -> gateway.channel.isReady());
		assertThat(logged()).hasSize(2)
			.last()
			.isEqualTo("INFO Redis at " + server.url() + ": events of other gateways come");
	}

	@Test
	void aWrongPasswordIsNotShownAndTheRightOneWorksWithTls(@TempDir Path directory) {
		new TestCertificates().server("redis").writeTo(directory);
		String port = String.valueOf(FreePorts.next());
		opened(RedisServer.start("--tls-port", port, "--tls-cert-file", directory.resolve("server.pem").toString(),
				"--tls-key-file", directory.resolve("server.key").toString(), "--tls-auth-clients", "no",
				"--tls-ca-cert-file", directory.resolve("server.pem").toString(), "--requirepass", "swordfish"));
		String at = "@127.0.0.1:" + port + "?verifyPeer=none";
		gateway("rediss://:marlin" + at);
		await("what Redis says", () -> logged().toString().contains("WRONGPASS"));
		Gateway right = joined("rediss://:swordfish" + at);
		right.send("x").block(LONG);
		await("a message", () -> right.texts().equals(List.of("x")));
		assertThat(logged()).noneMatch((line) -> line.contains("marlin") || line.contains("swordfish"));
	}

	private static final class Gateway implements AutoCloseable, RedisChannel.Listener {

		final Queue<byte[]> received = new ConcurrentLinkedQueue<>();

		final AtomicInteger joined = new AtomicInteger();

		private final RedisLink link;

		final RedisChannel channel;

		Gateway(String url) {
			this.link = new RedisLink(RedisAddress.parse("url", url), "so what");
			this.channel = new RedisChannel(this.link, this);
		}

		Mono<Void> send(String text) {
			return this.channel.send(text.getBytes(StandardCharsets.UTF_8));
		}

		List<String> texts() {
			return this.received.stream().map((message) -> new String(message, StandardCharsets.UTF_8)).toList();
		}

		@Override
		public void received(byte[] message) {
			this.received.add(message);
		}

		@Override
		public void joined() {
			this.joined.incrementAndGet();
		}

		@Override
		public void close() {
			this.channel.close();
			this.link.close();
		}

	}

	/** The way to a server, on which its answers may be lost, except for subscribers. */
	private static final class OneWay implements AutoCloseable {

		private final ServerSocket entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

		private final List<Socket> ends = new CopyOnWriteArrayList<>();

		private final int port;

		private volatile boolean silent;

		OneWay(int port) throws IOException {
			this.port = port;
			start(this::accept);
		}

		int port() {
			return this.entrance.getLocalPort();
		}

		private static void start(Runnable task) {
			Thread thread = new Thread(task, "one-way");
			thread.setDaemon(true);
			thread.start();
		}

		private void accept() {
			try {
				while (true) {
					Socket client = this.entrance.accept();
					Socket server = new Socket(InetAddress.getLoopbackAddress(), this.port);
					this.ends.addAll(List.of(client, server));
					AtomicBoolean subscriber = new AtomicBoolean();
					start(() -> copy(client, server, (part) -> {
						if (part.contains("SUBSCRIBE")) {
							subscriber.set(true);
						}
						return true;
					}));
					start(() -> copy(server, client, (part) -> !this.silent || subscriber.get()));
				}
			}
			catch (IOException ex) {
				// Closed.
			}
		}

		private static void copy(Socket from, Socket to, Predicate<String> passes) {
			try (from; to) {
				byte[] part = new byte[8192];
				for (int read = from.getInputStream().read(part); read >= 0; read = from.getInputStream().read(part)) {
					if (passes.test(new String(part, 0, read, StandardCharsets.ISO_8859_1))) {
						to.getOutputStream().write(part, 0, read);
					}
				}
			}
			catch (IOException ex) {
				// One of the ends is closed, and so is the other.
			}
		}

		@Override
		public void close() throws IOException {
			this.entrance.close();
			for (Socket end : this.ends) {
				end.close();
			}
		}

	}

}
