package org.hkpgateway.grpc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;

import com.google.protobuf.Descriptors.FieldDescriptor;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.proto.HandleResponse;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's answer about one request, whatever it is worth.
 */
public final class ProbeAnswer {

	private final HandleResponse message;

	private final @Nullable Decision decision;

	private final @Nullable String violation;

	private ProbeAnswer(HandleResponse message, @Nullable Decision decision, @Nullable String violation) {
		this.message = message;
		this.decision = decision;
		this.violation = violation;
	}

	static ProbeAnswer of(HandleResponse message) {
		try {
			return new ProbeAnswer(message, DecisionConverter.toDecision(message), null);
		}
		catch (IllegalArgumentException ex) {
			return new ProbeAnswer(message, null, String.valueOf(ex.getMessage()));
		}
	}

	/**
	 * The decision.
	 * @return null if the answer breaks the protocol
	 */
	public @Nullable Decision decision() {
		return this.decision;
	}

	/**
	 * How the answer breaks the protocol.
	 * @return null if it does not
	 */
	public @Nullable String violation() {
		return this.violation;
	}

	/**
	 * Which request it says it answers.
	 * @return possibly empty in an answer to a unary call
	 */
	public String requestId() {
		return this.message.getRequestId();
	}

	/**
	 * The fields of the protocol that differ from those of another answer; ids of
	 * requests are not compared.
	 * @param other the other one
	 * @return names, possibly none
	 */
	public List<String> differences(ProbeAnswer other) {
		List<String> names = new ArrayList<>();
		for (FieldDescriptor field : HandleResponse.getDescriptor().getFields()) {
			if (field.getNumber() != HandleResponse.REQUEST_ID_FIELD_NUMBER
					&& !Objects.equals(value(field), other.value(field))) {
				names.add(field.getName());
			}
		}
		return names;
	}

	/** A map has no order. */
	private Object value(FieldDescriptor field) {
		Object value = this.message.getField(field);
		return field.isMapField() ? new HashSet<>((Collection<?>) value) : value;
	}

	/** For people: what was decided, without what was added. */
	@Override
	public String toString() {
		return (this.violation != null) ? this.violation
				: this.message.getContinueChain() ? "continue" : "status " + this.message.getStatusCode();
	}

}
