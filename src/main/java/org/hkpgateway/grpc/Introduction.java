package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.List;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HKPPluginGrpc.HKPPluginBlockingStub;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.jspecify.annotations.Nullable;
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

	private final @Nullable SharedSecret secret;

	Introduction(PluginSpec spec, Gateway gateway, @Nullable SharedSecret secret) {
		this.spec = spec;
		this.gateway = gateway;
		this.secret = secret;
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
		ProtocolVersion version = negotiate();
		byte[] nonce = (this.secret != null) ? this.secret.newNonce() : new byte[0];
		InitResponse answer = initialize(stub, instanceId, nonce, timeout);
		if (!answer.getSuccess()) {
			String error = BoundedText.oneLine(answer.getError(), MAX_ERROR_BYTES);
			throw refusal("Initialize: expected: success, got: a refusal"
					+ (error.isBlank() ? " without a reason" : ": " + error));
		}
		checkProof(answer, nonce);
		PluginInfo info = answer.hasInfo() ? answer.getInfo() : getInfo(stub, timeout);
		checkName(info);
		checkLowest(info);
		return new Result(IntroductionConverter.toIntroduction(info, answer.getFeaturesList(), version),
				Integer.toUnsignedLong(answer.getMaxMessageBytes()),
				answer.hasEventFilter() ? answer.getEventFilter() : null);
	}

	private ProtocolVersion negotiate() {
		return ProtocolVersion.negotiate(List.of(ProtocolVersion.CURRENT), List.of(this.spec.protocolVersion()))
			.orElseThrow(() -> refusal("protocol version: expected: a common major version, got: none (the gateway "
					+ "speaks " + ProtocolVersion.CURRENT + ", the plugin " + this.spec.protocolVersion()
					+ "); use a version of the plugin that speaks the gateway's"));
	}

	private InitResponse initialize(HKPPluginBlockingStub stub, String instanceId, byte[] nonce, Duration timeout) {
		try {
			return stub.initialize(IntroductionConverter.toRequest(this.spec, this.gateway, instanceId, nonce));
		}
		catch (StatusRuntimeException ex) {
			throw failure("Initialize", ex.getStatus(), timeout);
		}
	}

	private void checkProof(InitResponse answer, byte[] nonce) {
		if (this.secret == null) {
			return;
		}
		if (answer.getAuthProof().isEmpty()) {
			throw refusal("auth_proof: expected: HMAC-SHA256 of the nonce with PLUGIN_AUTH_SECRET, got: none "
					+ "(if the plugin cannot do transport secret, set another)");
		}
		if (!this.secret.proves(nonce, answer.getAuthProof().toByteArray())) {
			throw refusal("auth_proof: expected: HMAC-SHA256 of the nonce with PLUGIN_AUTH_SECRET, got: "
					+ answer.getAuthProof().size()
					+ " other bytes (the key is the variable's text, not what its base64 decodes to); "
					+ "what answers may not be the process that was launched");
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

	private void checkLowest(PluginInfo info) {
		String lowest = info.getMetadataOrDefault(MIN_HOST_PROTOCOL, "");
		if (lowest.isEmpty()) {
			return;
		}
		try {
			if (!ProtocolVersion.CURRENT.covers(ProtocolVersion.parse(lowest))) {
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
		String hint = switch (status.getCode()) {
			case UNIMPLEMENTED -> " (does it serve the service hkpplugin.HKPPlugin?)";
			case UNAUTHENTICATED ->
				(this.secret != null) ? " (it refuses the token that it was given in PLUGIN_AUTH_SECRET)"
						: " (it wants a token: set its transport to secret, or the token of a remote plugin)";
			default -> "";
		};
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
	 * @param eventFilter which events it wants; null if it did not say
	 */
	record Result(PluginIntroduction plugin, long maxMessageBytes, @Nullable EventFilter eventFilter) {
	}

}
