package org.hkpgateway.host;

import io.grpc.stub.StreamObserver;
import net.devh.boot.grpc.server.service.GrpcService;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PluginInfo;

/**
 * What plugins may ask of the gateway. The same object serves all of them; who asks is in
 * {@link CallerIdentity}. Methods run on event loops and must not block.
 * {@link HostMethod} says which of the protocol's methods are served.
 */
@GrpcService
final class PluginHostService extends PluginHostGrpc.PluginHostImplBase {

	private final HostInformation information;

	PluginHostService(HostInformation information) {
		this.information = information;
	}

	@Override
	public void getHostInfo(Empty request, StreamObserver<HostInfo> answer) {
		long timeout = CallerIdentity.current().plugin().timeout().toMillis();
		ProtocolVersion protocol = ProtocolVersion.CURRENT;
		HostInfo.Builder info = HostInfo.newBuilder()
			.setVersion(this.information.version())
			.setProtocolVersion(protocol.major() + "." + protocol.minor())
			.putConfiguration("chain_budget_ms", Long.toString(this.information.chainBudget().toMillis()))
			.putConfiguration("timeout_ms", Long.toString(timeout));
		for (HostInformation.LoadedPlugin plugin : this.information.plugins().get()) {
			info.addLoadedPlugins(
					PluginInfo.newBuilder().setName(plugin.id().name()).setVersion(plugin.version()).build());
		}
		answer.onNext(info.build());
		answer.onCompleted();
	}

}
