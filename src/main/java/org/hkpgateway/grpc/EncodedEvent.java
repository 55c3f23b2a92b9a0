package org.hkpgateway.grpc;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

import com.google.protobuf.ByteString;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import org.hkpgateway.proto.HandleRequestEvent;
import org.jspecify.annotations.Nullable;

/**
 * A {@link HandleRequestEvent} that only needs writing. Its fields are in two parts: on
 * the wire a message that follows another one completes it, and a reader sees one. See
 * <a href="https://protobuf.dev/programming-guides/encoding/#last-one-wins">Protocol
 * Buffers, Encoding</a>.
 */
final class EncodedEvent {

	private final ByteString shared;

	private final HandleRequestEvent own;

	/**
	 * Joins two parts.
	 * @param shared encoded fields that are the same for several calls
	 * @param own the fields of one call
	 */
	EncodedEvent(ByteString shared, HandleRequestEvent own) {
		this.shared = shared;
		this.own = own;
	}

	String requestId() {
		return this.own.getRequestId();
	}

	/** Bytes of the message. */
	int size() {
		return this.shared.size() + this.own.getSerializedSize();
	}

	private void writeTo(OutputStream out) throws IOException {
		this.shared.writeTo(out);
		this.own.writeTo(out);
	}

	/**
	 * A method whose requests are made of encoded events.
	 * @param <A> what it answers
	 * @param method the method as generated
	 * @return the same on the wire
	 */
	static <A> MethodDescriptor<EncodedEvent, A> sentBy(MethodDescriptor<HandleRequestEvent, A> method) {
		return method.toBuilder(new Writer(), method.getResponseMarshaller()).build();
	}

	private static final class Writer implements MethodDescriptor.Marshaller<EncodedEvent> {

		@Override
		public InputStream stream(EncodedEvent event) {
			return new Bytes(event);
		}

		@Override
		public EncodedEvent parse(InputStream stream) {
			throw new UnsupportedOperationException("expected: to send events, got: one to receive");
		}

	}

	/**
	 * What gRPC takes: usually drained at once, and sometimes read (within a process).
	 */
	private static final class Bytes extends InputStream implements Drainable, KnownLength {

		private final EncodedEvent event;

		/** Null until it is read from. */
		private @Nullable InputStream copy;

		private boolean drained;

		Bytes(EncodedEvent event) {
			this.event = event;
		}

		@Override
		public int available() throws IOException {
			if (this.copy != null) {
				return this.copy.available();
			}
			return this.drained ? 0 : this.event.size();
		}

		@Override
		public int drainTo(OutputStream target) throws IOException {
			int rest = available();
			if (this.copy != null) {
				this.copy.transferTo(target);
			}
			else if (!this.drained) {
				this.event.writeTo(target);
				this.drained = true;
			}
			return rest;
		}

		@Override
		public int read() throws IOException {
			return copy().read();
		}

		@Override
		public int read(byte[] target, int offset, int length) throws IOException {
			return copy().read(target, offset, length);
		}

		private InputStream copy() throws IOException {
			InputStream copy = this.copy;
			if (copy == null) {
				ByteArrayOutputStream bytes = new ByteArrayOutputStream(available());
				drainTo(bytes);
				copy = new ByteArrayInputStream(bytes.toByteArray());
				this.copy = copy;
			}
			return copy;
		}

	}

}
