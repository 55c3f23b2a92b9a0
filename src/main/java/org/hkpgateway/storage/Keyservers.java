package org.hkpgateway.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.hkpgateway.plugin.KeyQuery;
import org.jspecify.annotations.Nullable;

import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.web.util.UriUtils;

/**
 * Asks keyservers by HTTP. Calls block until the answer begins, and reading it blocks
 * until bytes come; so there are never more connections than threads that ask.
 * Interruptible. Thread-safe.
 */
final class Keyservers implements AutoCloseable {

	private static final int NOT_FOUND = 404;

	private final Supplier<List<URI>> urls;

	private final Duration timeout;

	private final StorageTracing tracing;

	private final ExecutorService executor;

	private final HttpClient client;

	private final AtomicInteger turn = new AtomicInteger();

	/**
	 * Makes a client.
	 * @param urls those to ask now, each {@code http://host[:port]}
	 * @param connectTimeout the longest to wait for a connection
	 * @param timeout the longest to wait until an answer begins
	 * @param tracing makes spans of what is asked within a trace
	 */
	Keyservers(Supplier<List<URI>> urls, Duration connectTimeout, Duration timeout, StorageTracing tracing) {
		this.urls = urls;
		this.timeout = timeout;
		this.tracing = tracing;
		CustomizableThreadFactory threads = new CustomizableThreadFactory("hkp-storage-http-");
		threads.setDaemon(true);
		this.executor = Executors.newFixedThreadPool(2, threads);
		this.client = HttpClient.newBuilder()
			.version(HttpClient.Version.HTTP_1_1)
			.followRedirects(HttpClient.Redirect.NEVER)
			.connectTimeout(connectTimeout)
			.executor(this.executor)
			.build();
	}

	/**
	 * Asks for the index of what a query finds.
	 * @param query the query
	 * @param traceparent of whom it is asked for; empty for none
	 * @return to be closed; null if nothing is found
	 * @throws StorageException if there is no answer
	 * @throws InterruptedException if nobody wants it any more
	 */
	@Nullable InputStream index(KeyQuery query, String traceparent) throws InterruptedException {
		return ask("/pks/lookup?op=index&options=mr&fingerprint=on" + search(query), traceparent);
	}

	/**
	 * Asks for the keys themselves.
	 * @param query the query
	 * @param traceparent of whom it is asked for; empty for none
	 * @return to be closed; null if nothing is found
	 * @throws StorageException if there is no answer
	 * @throws InterruptedException if nobody wants it any more
	 */
	@Nullable InputStream keys(KeyQuery query, String traceparent) throws InterruptedException {
		return ask("/pks/lookup?op=get&options=mr" + search(query), traceparent);
	}

	/** Every octet that could mean something in a target is escaped. */
	private static String search(KeyQuery query) {
		return (query.exact() ? "&exact=on" : "") + "&search=" + UriUtils.encode(query.term(), StandardCharsets.UTF_8);
	}

	/**
	 * Whoever cannot be reached was not asked, so another may be. Whoever was asked and
	 * did not answer may be so because of the query.
	 */
	private @Nullable InputStream ask(String target, String traceparent) throws InterruptedException {
		List<URI> servers = this.urls.get();
		int start = Math.floorMod(this.turn.getAndIncrement(), Math.max(1, servers.size()));
		StorageException unreachable = new StorageException(StorageException.Reason.UNAVAILABLE,
				"expected: a keyserver to ask, got: none");
		for (int i = 0; i < servers.size(); i++) {
			URI server = servers.get((start + i) % servers.size());
			try {
				return ask(server, target, traceparent);
			}
			catch (HttpConnectTimeoutException | ConnectException ex) {
				unreachable = unavailable(server.getAuthority(), "a connection", describe(ex));
			}
			catch (HttpTimeoutException ex) {
				throw unavailable(server.getAuthority(), "an answer within " + this.timeout.toMillis() + " ms", "none");
			}
			catch (IOException ex) {
				throw unavailable(server.getAuthority(), "an answer", describe(ex));
			}
		}
		throw unreachable;
	}

	private @Nullable InputStream ask(URI server, String target, String traceparent)
			throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(server.resolve(target))
			.timeout(this.timeout)
			.header("User-Agent", "hkp-gateway")
			.build();
		HttpResponse<InputStream> answer = send(server, request, traceparent);
		if (answer.statusCode() == 200) {
			return answer.body();
		}
		answer.body().close();
		if (answer.statusCode() == NOT_FOUND) {
			return null;
		}
		throw unavailable(server.getAuthority(), "status 200 or 404", Integer.toString(answer.statusCode()));
	}

	private HttpResponse<InputStream> send(URI server, HttpRequest request, String traceparent)
			throws IOException, InterruptedException {
		StorageTracing.KeyserverSpan span = traceparent.isEmpty() ? StorageTracing.KeyserverSpan.NONE
				: this.tracing.asking(traceparent, server);
		String failure = "cancelled";
		try {
			HttpResponse<InputStream> answer = this.client.send(request, HttpResponse.BodyHandlers.ofInputStream());
			span.answered(answer.statusCode());
			failure = "";
			return answer;
		}
		catch (IOException ex) {
			failure = ex.getClass().getName();
			throw ex;
		}
		finally {
			span.end(failure);
		}
	}

	private static String describe(IOException failure) {
		return (failure.getMessage() != null) ? failure.getMessage() : failure.getClass().getSimpleName();
	}

	private static StorageException unavailable(String who, String expected, String got) {
		return new StorageException(StorageException.Reason.UNAVAILABLE,
				"keyserver " + who + ": expected: " + expected + ", got: " + got);
	}

	/** Calls that wait fail. */
	@Override
	public void close() {
		this.executor.shutdownNow();
	}

}
