package org.hkpgateway.proxy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.NginxServer;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawKeyserver;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections to keyservers that are kept for the next request, and keyservers that close
 * them. A request that is sent on one that closes is lost, for it is not repeated.
 */
@Timeout(120)
class KeptConnectionsIT {

	private static final int CLIENTS = 4;

	private final ExecutorService clients = Executors.newFixedThreadPool(16);

	@AfterEach
	void close() {
		this.clients.shutdownNow();
	}

	@Test
	void aKeyserverThatSaysThatItWillCloseCostsNoRequest() throws Exception {
		try (NginxServer nginx = NginxServer.start("keepalive_requests 5;"); TestEdge edge = edge(nginx.uri())) {
			List<RawClient.Answer> answers = read(edge, CLIENTS, 500);
			assertThat(answers).allMatch((answer) -> answer.status() == 200);
			assertThat(answers).extracting(RawClient.Answer::body)
				.as("how many came before on the same connection")
				.contains("1", "2", "3", "4", "5")
				.doesNotContain("6");
		}
	}

	@Test
	void sksThatClosesAfterEachAnswerCostsNoRequest() throws Exception {
		try (SksServer sks = SksServer.start(); TestEdge edge = edge(sks.uri())) {
			assertThat(read(edge, CLIENTS, 250)).allMatch((answer) -> answer.status() == 404);
		}
	}

	/** It does not say so. */
	@Test
	void aConnectionThatTheKeyserverClosedWhileItWasIdleIsNotUsed() throws Exception {
		try (RawKeyserver keyserver = new RawKeyserver("k");
				TestEdge edge = edge(keyserver.uri());
				RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 10; i++) {
				assertThat(client.send(request()).read().status()).isEqualTo(200);
				keyserver.endConnections();
				Awaitility.await().until(() -> keyserver.connections() == 0);
			}
		}
	}

	/** It says that it waits for 6 s, and would wait longer. */
	@Test
	void aConnectionIsNotUsedWhenItMayBeAboutToBeClosed() throws Exception {
		try (NginxServer nginx = NginxServer.start("keepalive_timeout 75s 6s;");
				TestEdge edge = edge(nginx.uri());
				RawClient client = new RawClient(edge.port())) {
			assertThat(client.send(request()).read().body()).isEqualTo("1");
			assertThat(client.send(request()).read().body()).as("on the same connection").isEqualTo("2");
			TimeUnit.MILLISECONDS.sleep(3100);
			assertThat(client.send(request()).read().body()).as("on another").isEqualTo("1");
		}
	}

	/** A keyserver may be about to close what has been idle for long. */
	@Test
	void connectionsThatNobodyNeedsAnyMoreAreClosed() throws Exception {
		try (RawKeyserver keyserver = new RawKeyserver("k").answersAfter(Duration.ofMillis(300));
				TestEdge edge = edge(keyserver.uri())) {
			read(edge, 16, 1);
			assertThat(keyserver.connections()).isGreaterThan(8);
			Awaitility.await().atMost(Duration.ofSeconds(15)).until(() -> keyserver.connections() == 0);
		}
	}

	private List<RawClient.Answer> read(TestEdge edge, int clients, int each) throws Exception {
		Callable<List<RawClient.Answer>> client = () -> read(edge.port(), each);
		List<Future<List<RawClient.Answer>>> all = new ArrayList<>();
		for (int i = 0; i < clients; i++) {
			all.add(this.clients.submit(client));
		}
		List<RawClient.Answer> answers = new ArrayList<>();
		for (Future<List<RawClient.Answer>> one : all) {
			answers.addAll(one.get(100, TimeUnit.SECONDS));
		}
		assertThat(answers).hasSize(clients * each);
		return answers;
	}

	private static List<RawClient.Answer> read(int port, int requests) throws IOException {
		List<RawClient.Answer> answers = new ArrayList<>();
		try (RawClient client = new RawClient(port)) {
			for (int i = 0; i < requests; i++) {
				answers.add(client.send(request()).read());
			}
		}
		return answers;
	}

	private static String request() {
		return "GET /pks/lookup?op=get&search=0x0123456789ABCDEF HTTP/1.1\r\nHost: k\r\n\r\n";
	}

	private static TestEdge edge(URI keyserver) {
		return new TestEdge(keyserver, UpstreamSettings.ContentLength.REQUIRE, List.of());
	}

}
