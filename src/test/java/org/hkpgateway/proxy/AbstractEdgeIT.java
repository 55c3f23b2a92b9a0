package org.hkpgateway.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.testsupport.RawUpstream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The edge against raw bytes on both sides. After each test no error may have been
 * dropped.
 */
@Timeout(60)
abstract class AbstractEdgeIT {

	static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

	/** Of {@link TestEdge}. */
	static final int MAX_BODY = 1024 * 1024;

	private static final int PREFIX = 64 * 1024;

	private static final List<Throwable> dropped = Collections.synchronizedList(new ArrayList<>());

	/** What the plugin was asked. */
	final List<RequestEvent> seen = Collections.synchronizedList(new ArrayList<>());

	@Nullable RawUpstream upstream;

	private @Nullable TestEdge edge;

	@BeforeAll
	static void watchErrors() {
		dropped.clear();
		Hooks.onErrorDropped(dropped::add);
	}

	@AfterAll
	static void watchNoMore() {
		Hooks.resetOnErrorDropped();
	}

	@AfterEach
	void close() throws IOException {
		if (this.edge != null) {
			this.edge.close();
		}
		if (this.upstream != null) {
			this.upstream.close();
		}
		assertThat(dropped).isEmpty();
	}

	/**
	 * Starts an edge without plugins.
	 * @param upstream the keyserver, closed with the edge
	 * @param properties as of {@link TestEdge}
	 */
	void start(RawUpstream upstream, String... properties) {
		start(upstream, List.of(), properties);
	}

	/** The same with a plugin. */
	void start(RawUpstream upstream, PluginRegistry.Entry plugin, String... properties) {
		start(upstream, List.of(plugin), properties);
	}

	private void start(RawUpstream upstream, List<PluginRegistry.Entry> plugins, String... properties) {
		this.upstream = upstream;
		this.edge = new TestEdge(upstream.uri(), plugins, properties);
	}

	int port() {
		return this.edge.port();
	}

	/** A plugin that remembers what it was asked, and changes nothing. */
	PluginRegistry.Entry continuing(BodyMode body) {
		return TestEdge.plugin(body, PREFIX, (event, budget) -> {
			this.seen.add(event);
			return Mono.just(Decision.Continue.UNCHANGED);
		});
	}

	/** A plugin that answers for the keyserver. */
	static PluginRegistry.Entry responding(BodyMode body, int status, String text) {
		Headers headers = Headers.of("Content-Type", "text/plain", "Retry-After", "7");
		return TestEdge.plugin(body, PREFIX,
				(event, budget) -> Mono.just(new Decision.Respond(new ResponseHead(status, headers),
						ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), Map.of(), "")));
	}

	static void awaitAbout300Milliseconds() throws IOException {
		try {
			TimeUnit.MILLISECONDS.sleep(300);
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

}
