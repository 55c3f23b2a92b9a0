package org.hkpgateway.grpc;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Converts the typed HKP request.
 */
final class HkpConverter {

	private HkpConverter() {
	}

	static org.hkpgateway.proto.HkpRequest toMessage(HkpRequest request) {
		var message = org.hkpgateway.proto.HkpRequest.newBuilder()
			.setOperation(toMessage(request.operation()))
			.addAllOptions(request.options())
			.setMachineReadable(request.machineReadable())
			.setExact(request.exact())
			.setShowHash(request.showHash())
			.setShowFingerprint(request.showFingerprint());
		message.setSearch(orEmpty(request.search()));
		message.setFingerprint(orEmpty(request.fingerprint()));
		message.setKeyId(orEmpty(request.keyId()));
		return message.build();
	}

	static org.hkpgateway.proto.HkpRequest.Operation toMessage(Operation operation) {
		return switch (operation) {
			case OTHER -> org.hkpgateway.proto.HkpRequest.Operation.OTHER;
			case LOOKUP_GET -> org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_GET;
			case LOOKUP_HGET -> org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_HGET;
			case LOOKUP_INDEX -> org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_INDEX;
			case LOOKUP_VINDEX -> org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_VINDEX;
			case LOOKUP_STATS -> org.hkpgateway.proto.HkpRequest.Operation.LOOKUP_STATS;
			case ADD -> org.hkpgateway.proto.HkpRequest.Operation.ADD;
			case REPLACE -> org.hkpgateway.proto.HkpRequest.Operation.REPLACE;
			case DELETE -> org.hkpgateway.proto.HkpRequest.Operation.DELETE;
			case HASHQUERY -> org.hkpgateway.proto.HkpRequest.Operation.HASHQUERY;
			case STATS -> org.hkpgateway.proto.HkpRequest.Operation.STATS;
			case HEALTH -> org.hkpgateway.proto.HkpRequest.Operation.HEALTH;
			case V2_CERTS_BY_VFINGERPRINT -> org.hkpgateway.proto.HkpRequest.Operation.V2_CERTS_BY_VFINGERPRINT;
			case V2_CERTS_BY_IDENTITY -> org.hkpgateway.proto.HkpRequest.Operation.V2_CERTS_BY_IDENTITY;
			case V2_CERTS_BY_KEYID -> org.hkpgateway.proto.HkpRequest.Operation.V2_CERTS_BY_KEYID;
			case V2_INDEX -> org.hkpgateway.proto.HkpRequest.Operation.V2_INDEX;
			case V2_PREFIXLOG -> org.hkpgateway.proto.HkpRequest.Operation.V2_PREFIXLOG;
			case V2_ADD -> org.hkpgateway.proto.HkpRequest.Operation.V2_ADD;
		};
	}

	private static String orEmpty(@Nullable String text) {
		return (text != null) ? text : "";
	}

}
