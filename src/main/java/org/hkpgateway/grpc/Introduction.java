package org.hkpgateway.grpc;

import java.time.Duration;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc.HKPPluginBlockingStub;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first exchange with a plugin: Initialize, and GetInfo if it did not say who it is.
 */
final class Introduction {

	private static final Logger logger = LoggerFactory.getLogger(Introduction.class);

	private static final String MIN_HOST_PROTOCOL = "min_host_protocol";

	private static final int MAX_ERROR_BYTES = 4096;

	private final PluginSpec spec;

	private final Gateway gateway;

	Introduction(PluginSpec spec, Gateway gateway) {
		this.spec = spec;
		this.gateway = gateway;
	}

	/**
	 * Performs it. Blocks.
	 * @param stub carries the deadline of both calls
	 * @param instanceId names this incarnation
	 * @param timeout the same deadline, for messages
	 * @return what the plugin said
	 * @throws PluginStartException if it refuses, fails or is silent
	 */
	Result perform(HKPPluginBlockingStub stub, String instanceId, Duration timeout) {
		InitResponse answer = initialize(stub, instanceId, timeout);
		if (!answer.getSuccess()) {
			String error = BoundedText.oneLine(answer.getError(), MAX_ERROR_BYTES);
			throw refusal("Initialize: expected: success, got: a refusal"
					+ (error.isBlank() ? " without a reason" : ": " + error));
		}
		PluginInfo info = answer.hasInfo() ? answer.getInfo() : getInfo(stub, timeout);
		checkName(info);
		checkProtocol(info);
		return new Result(
				IntroductionConverter.toIntroduction(info, answer.getFeaturesList(), this.spec.protocolVersion()),
				Integer.toUnsignedLong(answer.getMaxMessageBytes()));
	}

	private InitResponse initialize(HKPPluginBlockingStub stub, String instanceId, Duration timeout) {
		try {
			return stub.initialize(IntroductionConverter.toRequest(this.spec, this.gateway, instanceId));
		}
		catch (StatusRuntimeException ex) {
			throw failure("Initialize", ex.getStatus(), timeout);
		}
	}

	private PluginInfo getInfo(HKPPluginBlockingStub stub, Duration timeout) {
		try {
			return stub.getInfo(Empty.getDefaultInstance());
		}
		catch (StatusRuntimeException ex) {
			if (ex.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
				throw failure("GetInfo", ex.getStatus(), timeout);
			}
			// It told nothing of itself; the manifest did.
			return PluginInfo.newBuilder()
				.setName(this.spec.id().name())
				.setVersion(this.spec.version())
				.setDescription(this.spec.description())
				.build();
		}
	}

	private void checkName(PluginInfo info) {
		if (!info.getName().equals(this.spec.id().name())) {
			logger.warn("Plugin {} calls itself '{}': expected the name of its manifest, which is used everywhere",
					this.spec.id(), BoundedText.oneLine(info.getName(), MAX_ERROR_BYTES));
		}
	}

	private void checkProtocol(PluginInfo info) {
		String lowest = info.getMetadataOrDefault(MIN_HOST_PROTOCOL, "");
		if (lowest.isEmpty()) {
			return;
		}
		try {
			if (ProtocolVersion.parse(lowest).compareTo(ProtocolVersion.CURRENT) > 0) {
				throw refusal("protocol version: expected: a gateway of at least " + lowest + ", got: this one, "
						+ ProtocolVersion.CURRENT + "; update the gateway or use an older version of the plugin");
			}
		}
		catch (IllegalArgumentException ex) {
			throw refusal(
					MIN_HOST_PROTOCOL + ": " + BoundedText.oneLine(String.valueOf(ex.getMessage()), MAX_ERROR_BYTES));
		}
	}

	private PluginStartException failure(String method, Status status, Duration timeout) {
		if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
			return refusal(method + ": expected: an answer within " + timeout.toMillis() + " ms, got: none");
		}
		String hint = (status.getCode() == Status.Code.UNIMPLEMENTED)
				? " (does it serve the service hkpplugin.HKPPlugin?)" : "";
		return new PluginStartException(this.spec.id(),
				method + ": expected: an answer, got: " + StatusTranslation.describe(status) + hint,
				StatusTranslation.toFailure(this.spec.id(), method, status));
	}

	private PluginStartException refusal(String message) {
		return new PluginStartException(this.spec.id(), message);
	}

	/**
	 * What the plugin said.
	 *
	 * @param plugin who it is
	 * @param maxMessageBytes largest message it accepts; 0 if it did not say
	 */
	record Result(PluginIntroduction plugin, long maxMessageBytes) {
	}

}
