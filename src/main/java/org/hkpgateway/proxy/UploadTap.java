package org.hkpgateway.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.hkp.UploadAnswer;
import org.hkpgateway.hkp.UploadOutcome;
import org.hkpgateway.hkp.UploadedKeys;
import reactor.core.publisher.Flux;

/**
 * Sees an upload and its answer go by, and keeps copies of their beginnings. Nothing is
 * read for it, nothing waits for it, and none of the methods fails. Upload and answer may
 * be on two event loops. Thread-safe.
 */
final class UploadTap {

	private final KeyEvents events;

	private final Upload upload;

	private final UpstreamBody body;

	private final FirstBytes sent;

	private final FirstBytes answer;

	/** Of the answer, if it takes the upload. */
	private int status;

	private String coding = "";

	private boolean over;

	UploadTap(KeyEvents events, Upload upload, UpstreamBody body, BufferBudget memory) {
		this.events = events;
		this.upload = upload;
		this.body = body;
		this.sent = new FirstBytes(UploadAnswer.MOST_BYTES, memory);
		this.answer = new FirstBytes(UploadAnswer.MOST_BYTES, memory);
	}

	/**
	 * The body to send. What is in memory is looked at when there is an answer.
	 * @return the same bytes
	 */
	UpstreamBody watched() {
		return (this.body instanceof UpstreamBody.Streamed streamed)
				? new UpstreamBody.Streamed(streamed.bytes().doOnNext(this::sends), streamed.length(), streamed.held())
				: this.body;
	}

	private synchronized void sends(ByteBuf part) {
		if (!this.over) {
			this.sent.add(part);
		}
	}

	/**
	 * The body to relay, of an answer whose head has come.
	 * @param status of the answer
	 * @param fields of the answer as the keyserver sent them
	 * @param content its body
	 * @return the same bytes
	 */
	Flux<ByteBuf> watched(int status, HttpHeaders fields, Flux<ByteBuf> content) {
		if (status / 100 != 2) {
			return content;
		}
		synchronized (this) {
			this.status = status;
			this.coding = fields.get(HttpHeaderNames.CONTENT_ENCODING, "");
		}
		return content.doOnNext(this::answers).doOnComplete(this::answered);
	}

	private synchronized void answers(ByteBuf part) {
		if (!this.over) {
			this.answer.add(part);
		}
	}

	private synchronized void answered() {
		if (!this.over) {
			this.over = true;
			keepBeginning();
			this.events.read(this.upload, new Seen(this.status, this.coding, this.sent, this.answer));
		}
	}

	/** While it is there. */
	private void keepBeginning() {
		if (this.body instanceof UpstreamBody.Held held) {
			ByteBuf content = held.body().content();
			this.sent.add(content);
			content.release();
		}
		else if (this.body instanceof UpstreamBody.Replaced replaced) {
			this.sent.add(Unpooled.wrappedBuffer(replaced.bytes()));
		}
	}

	/** The exchange has ended. */
	synchronized void close() {
		if (this.over) {
			return;
		}
		this.over = true;
		this.sent.release();
		this.answer.release();
		if (this.status != 0) {
			this.events.unseen(this.upload, this.status, Unread.CUT_SHORT,
					"expected: an answer relayed to its end, got: " + "one that broke off, or a client that left");
		}
	}

	/**
	 * An upload as it went to the keyserver.
	 *
	 * @param request id
	 * @param operation what was asked
	 * @param contentType of its body, empty if it has none
	 */
	record Upload(String request, Operation operation, String contentType) {
	}

	/**
	 * What was seen of an upload that was taken, and of its answer.
	 *
	 * @param status of the answer
	 * @param coding of the answer
	 * @param sent beginning of the upload
	 * @param answer beginning of the answer
	 */
	record Seen(int status, String coding, FirstBytes sent, FirstBytes answer) {

		UploadOutcome outcome(Upload upload) {
			UploadAnswer read = this.answer.isRefused()
					? new UploadAnswer.Unreadable(Unread.BUSY, "expected: memory for a copy, got: none left")
					: UploadAnswer.read(this.answer.toArray(), this.answer.isWhole(), this.coding);
			return UploadOutcome.of(upload.operation(), read,
					() -> UploadedKeys.read(upload.contentType(), this.sent.toArray()));
		}

		void release() {
			this.sent.release();
			this.answer.release();
		}

	}

}
