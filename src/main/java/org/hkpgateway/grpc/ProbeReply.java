package org.hkpgateway.grpc;

import java.util.concurrent.CancellationException;
import java.util.function.Function;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * How one call of a probe ended.
 *
 * @param code gRPC's name for it, {@code OK} for an answer
 * @param detail what the other side said of it, one line; the code if it said nothing
 * @param value the answer; null unless the code is {@code OK}
 * @param nanos from the call to its end
 * @param <T> what is answered
 */
public record ProbeReply<T>(String code, String detail, @Nullable T value, long nanos) {

	static <T> ProbeReply<T> of(T value, long start) {
		return new ProbeReply<>(Status.Code.OK.name(), Status.Code.OK.name(), value, System.nanoTime() - start);
	}

	static <T> ProbeReply<T> failed(Status status, long start) {
		return new ProbeReply<>(status.getCode().name(), StatusTranslation.describe(status), null,
				System.nanoTime() - start);
	}

	/** The answer of a call that blocks. */
	static <Q, T> ProbeReply<T> to(Q request, Function<Q, T> call) {
		long start = System.nanoTime();
		try {
			return of(call.apply(request), start);
		}
		catch (StatusRuntimeException ex) {
			return failed(ex.getStatus(), start);
		}
		catch (CancellationException ex) {
			return failed(Status.CANCELLED, start);
		}
	}

	/**
	 * The answer.
	 * @return never null
	 * @throws IllegalStateException if there is none
	 */
	public T answer() {
		T answer = this.value;
		if (answer == null) {
			throw new IllegalStateException("expected: an answer, got: " + this.detail);
		}
		return answer;
	}

	public boolean isOk() {
		return this.value != null;
	}

	/**
	 * Whether it ended with a status of that name.
	 * @param other for example {@code UNAUTHENTICATED}
	 * @return false also for an answer
	 */
	public boolean is(String other) {
		return this.code.equals(other);
	}

	/**
	 * Converts the answer.
	 * @param conversion of an answer, if there is one
	 * @param <R> to what
	 * @return the same with another answer
	 */
	<R> ProbeReply<R> map(Function<T, R> conversion) {
		return new ProbeReply<>(this.code, this.detail, (this.value != null) ? conversion.apply(this.value) : null,
				this.nanos);
	}

}
