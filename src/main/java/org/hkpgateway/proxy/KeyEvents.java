package org.hkpgateway.proxy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.netty.handler.codec.http.HttpHeaderNames;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.KeyChange;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.hkp.UploadOutcome;
import org.hkpgateway.hkp.UploadedKey;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Publishes what the keyserver has made of uploads: {@value #SUBMITTED} for each that it
 * has taken, and behind it {@value #CHANGED} for each key of which it said what became of
 * it. Read from a copy of its answer, on a thread of its own, in the order in which the
 * answers came to their end. They are for all replicas: the keyserver is the same, and
 * what each keeps of it. Thread-safe, never blocks; does nothing while nobody listens,
 * unless there are other replicas, where somebody may.
 */
final class KeyEvents {

	/** The type of the event of an upload. */
	static final String SUBMITTED = "key.submitted";

	/** The type of the event of a key. */
	static final String CHANGED = "key.changed";

	/** Keys that the event of an upload names; more are counted. */
	static final int MOST_NAMED = 100;

	/** Of all copies together, unless the heap is small. */
	private static final long MOST_BYTES = 32L * 1024 * 1024;

	private static final int SHARE_OF_HEAP = 16;

	/** Answers that wait to be read. */
	private static final int MOST_WAITING = 1024;

	private static final long IDLE_SECONDS = 10;

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus;

	private final Executor reader;

	private final BufferBudget memory;

	private final UnreadUploads unread;

	/**
	 * A publisher with bounds of the caller's own.
	 * @param bus where the events go
	 * @param reader reads one answer after the other, and may refuse to
	 * @param memory for copies
	 * @param unread told of what could not be read
	 */
	KeyEvents(EventBus bus, Executor reader, BufferBudget memory, UnreadUploads unread) {
		this.bus = bus;
		this.reader = reader;
		this.memory = memory;
		this.unread = unread;
	}

	/**
	 * Starts no thread yet.
	 * @param bus where the events go
	 * @param listener told of what could not be read
	 * @return the publisher
	 */
	static KeyEvents to(EventBus bus, EdgeListener listener) {
		ThreadPoolExecutor reader = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(MOST_WAITING), (task) -> {
					Thread thread = new Thread(task, "hkp-key-events");
					thread.setDaemon(true);
					return thread;
				});
		reader.allowCoreThreadTimeOut(true);
		return new KeyEvents(bus, reader,
				new BufferBudget(Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP)),
				new UnreadUploads(listener, System::nanoTime));
	}

	/**
	 * Begins to watch a request, if it is an upload and somebody listens, or may.
	 * @param exchange the request as it came
	 * @param head as it goes to the keyserver
	 * @param body as it goes to the keyserver
	 * @return to be closed; null if there is nothing to be watched
	 */
	@Nullable UploadTap tap(Exchange exchange, UpstreamHead head, UpstreamBody body) {
		boolean replicas = this.bus.hasReplicas();
		if (this.bus.isQuiet() && !replicas) {
			return null;
		}
		HkpRequest hkp = head.hkp();
		if (hkp == null || !hkp.operation().isUpload() || !(replicas || isWanted())) {
			return null;
		}
		String contentType = head.fields().get(HttpHeaderNames.CONTENT_TYPE, "");
		return new UploadTap(this, new UploadTap.Upload(exchange.id(), hkp.operation(), contentType), body,
				this.memory);
	}

	private boolean isWanted() {
		return this.bus.isWanted(CHANGED) || this.bus.isWanted(SUBMITTED);
	}

	/**
	 * Something is not known of an upload.
	 * @param upload which
	 * @param why not
	 * @param detail what was expected, what came
	 */
	void unread(UploadTap.Upload upload, Unread why, String detail) {
		this.unread.tell(upload.request(), why, detail);
	}

	/**
	 * Nothing is known of an upload but that the keyserver began to answer with success.
	 * @param upload which
	 * @param status of the answer
	 * @param why not
	 * @param detail what was expected, what came
	 */
	void unseen(UploadTap.Upload upload, int status, Unread why, String detail) {
		unread(upload, why, detail);
		submitted(upload, status, List.of(), why);
	}

	/**
	 * Has the answer to an upload read.
	 * @param upload which
	 * @param seen what was seen of it; released when it was read
	 */
	void read(UploadTap.Upload upload, UploadTap.Seen seen) {
		try {
			this.reader.execute(() -> {
				try {
					publish(upload, seen);
				}
				finally {
					seen.release();
				}
			});
		}
		catch (RejectedExecutionException ex) {
			seen.release();
			unseen(upload, seen.status(), Unread.BUSY,
					"expected: at most " + MOST_WAITING + " answers that wait to be read, got: one more");
		}
	}

	private void publish(UploadTap.Upload upload, UploadTap.Seen seen) {
		UploadOutcome outcome = seen.outcome(upload);
		Unread why = outcome.unread();
		if (why != null) {
			unread(upload, why, outcome.detail());
		}
		if (!outcome.accepted()) {
			return;
		}
		submitted(upload, seen.status(), outcome.keys(), why);
		for (UploadedKey key : outcome.keys()) {
			KeyChange change = key.change();
			if (change != null && change != KeyChange.INVALID) {
				this.bus.publish(CHANGED, "gateway", true,
						Map.of("fingerprint", key.fingerprint(), "change", change.label()),
						() -> about(upload, add(key, json.createObjectNode())).toString());
			}
		}
	}

	private void submitted(UploadTap.Upload upload, int status, List<UploadedKey> keys, @Nullable Unread why) {
		this.bus.publish(SUBMITTED, "gateway", true, (why != null) ? Map.of("unread", why.label()) : Map.of(),
				() -> submitted(upload, status, keys));
	}

	private static String submitted(UploadTap.Upload upload, int status, List<UploadedKey> keys) {
		ObjectNode data = about(upload, json.createObjectNode()).put("status", status);
		ArrayNode named = data.putArray("keys");
		keys.stream().limit(MOST_NAMED).forEach((key) -> add(key, named.addObject()));
		if (keys.size() > MOST_NAMED) {
			data.put("keys_left_out", keys.size() - MOST_NAMED);
		}
		return data.toString();
	}

	private static ObjectNode add(UploadedKey key, ObjectNode data) {
		data.put("fingerprint", key.fingerprint());
		KeyChange change = key.change();
		if (change != null) {
			data.put("change", change.label());
		}
		return (key.version() > 0) ? data.put("version", key.version()) : data;
	}

	private static ObjectNode about(UploadTap.Upload upload, ObjectNode data) {
		return data.put("operation", upload.operation().name()).put("request", upload.request());
	}

}
