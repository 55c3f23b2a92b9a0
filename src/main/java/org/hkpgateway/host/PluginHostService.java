package org.hkpgateway.host;

import io.grpc.stub.StreamObserver;
import net.devh.boot.grpc.server.service.GrpcService;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.proto.AcquireTokensRequest;
import org.hkpgateway.proto.AcquireTokensResponse;
import org.hkpgateway.proto.CompareAndSetStateRequest;
import org.hkpgateway.proto.CompareAndSetStateResponse;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.IncrementStateRequest;
import org.hkpgateway.proto.IncrementStateResponse;
import org.hkpgateway.proto.KeyInfo;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.PutStateRequest;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.storage.KeyStorage;

/**
 * What plugins may ask of the gateway. The same object serves all of them; who asks is in
 * {@link CallerIdentity}. Methods run on event loops and must not block.
 * {@link HostMethod} says which of the protocol's methods are served.
 */
@GrpcService
final class PluginHostService extends PluginHostGrpc.PluginHostImplBase {

	private final HostInformation information;

	private final StateCalls state;

	private final StorageCalls storage;

	private final EventCalls events;

	private final String replica;

	PluginHostService(HostInformation information, StateStore state, KeyStorage storage, PluginEvents events) {
		this.information = information;
		this.state = new StateCalls(state);
		this.storage = new StorageCalls(storage);
		this.events = new EventCalls(events);
		this.replica = events.replica();
	}

	@Override
	public void getHostInfo(Empty request, StreamObserver<HostInfo> answer) {
		long timeout = CallerIdentity.current().plugin().timeout().toMillis();
		ProtocolVersion protocol = ProtocolVersion.CURRENT;
		HostInfo.Builder info = HostInfo.newBuilder()
			.setVersion(this.information.version())
			.setProtocolVersion(protocol.major() + "." + protocol.minor())
			.putConfiguration("chain_budget_ms", Long.toString(this.information.chainBudget().toMillis()))
			.putConfiguration("timeout_ms", Long.toString(timeout))
			.putConfiguration("replica", this.replica);
		for (HostInformation.LoadedPlugin plugin : this.information.plugins().get()) {
			info.addLoadedPlugins(
					PluginInfo.newBuilder().setName(plugin.id().name()).setVersion(plugin.version()).build());
		}
		answer.onNext(info.build());
		answer.onCompleted();
	}

	@Override
	public void requestStorage(StorageQuery request, StreamObserver<StorageResponse> answer) {
		this.storage.request(request, answer);
	}

	@Override
	public void streamStorage(StorageQuery request, StreamObserver<KeyInfo> answer) {
		this.storage.stream(request, answer);
	}

	@Override
	public void publishEvent(Event request, StreamObserver<Empty> answer) {
		this.events.publish(request, answer);
	}

	@Override
	public StreamObserver<Event> publishEvents(StreamObserver<Empty> answer) {
		return this.events.publishAll(answer);
	}

	@Override
	public void subscribeEvents(EventFilter request, StreamObserver<EventBatch> answer) {
		this.events.subscribe(request, answer);
	}

	@Override
	public void getState(StateKey request, StreamObserver<StateValue> answer) {
		this.state.get(request, answer);
	}

	@Override
	public void putState(PutStateRequest request, StreamObserver<StateValue> answer) {
		this.state.put(request, answer);
	}

	@Override
	public void compareAndSetState(CompareAndSetStateRequest request,
			StreamObserver<CompareAndSetStateResponse> answer) {
		this.state.compareAndSet(request, answer);
	}

	@Override
	public void deleteState(StateKey request, StreamObserver<Empty> answer) {
		this.state.delete(request, answer);
	}

	@Override
	public void incrementState(IncrementStateRequest request, StreamObserver<IncrementStateResponse> answer) {
		this.state.increment(request, answer);
	}

	@Override
	public void acquireTokens(AcquireTokensRequest request, StreamObserver<AcquireTokensResponse> answer) {
		this.state.acquire(request, answer);
	}

}
