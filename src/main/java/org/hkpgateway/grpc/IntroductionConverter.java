package org.hkpgateway.grpc;

import java.util.List;

import com.google.protobuf.ByteString;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.PluginInfo;

/**
 * Converts what gateway and plugin tell of themselves at first.
 */
final class IntroductionConverter {

	private static final int MAX_TEXT_BYTES = 1024;

	private IntroductionConverter() {
	}

	static InitRequest toRequest(PluginSpec spec, Gateway gateway, String instanceId, byte[] nonce) {
		String protocol = ProtocolVersion.CURRENT.major() + "." + ProtocolVersion.CURRENT.minor();
		HostInfo.Builder host = HostInfo.newBuilder()
			.setVersion(gateway.version())
			.setProtocolVersion(protocol)
			.putConfiguration("chain_budget_ms", Long.toString(gateway.chainBudget().toMillis()))
			.putConfiguration("timeout_ms", Long.toString(spec.timeout().toMillis()));
		return InitRequest.newBuilder()
			.setConfigJson(spec.configJson())
			.setHockeypuckVersion(gateway.version())
			.setProtocolVersion(protocol)
			.putAllEnvironment(spec.environment())
			.addAllGrantedCapabilities(spec.granted().stream().map(Capability::label).sorted().toList())
			.setInstanceId(instanceId)
			.setNonce(ByteString.copyFrom(nonce))
			.setHost(host)
			.build();
	}

	static PluginIntroduction toIntroduction(PluginInfo info, List<String> features, ProtocolVersion version) {
		return new PluginIntroduction(text(info.getName()), text(info.getVersion()), text(info.getDescription()),
				info.getMetadataMap(), features, version);
	}

	private static String text(String text) {
		return BoundedText.oneLine(text, MAX_TEXT_BYTES);
	}

}
