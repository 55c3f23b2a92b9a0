package org.hkpgateway.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HKPPluginGrpc;
import reactor.core.publisher.FluxSink;

/**
 * One call of a plugin's {@code SubscribeEvents}. Asks for as many events as are asked
 * for here, so that a flood waits in the plugin.
 */
final class EmittedEvents extends ClientCall.Listener<Event> {

	private final PluginId plugin;

	private final FluxSink<EmittedEvent> sink;

	private final ClientCall<EventFilter, Event> call;

	/**
	 * Makes a call.
	 * @param plugin who is listened to
	 * @param channel connected
	 * @param options of the call
	 * @param sink where its events go
	 */
	EmittedEvents(PluginId plugin, Channel channel, CallOptions options, FluxSink<EmittedEvent> sink) {
		this.plugin = plugin;
		this.sink = sink;
		this.call = channel.newCall(HKPPluginGrpc.getSubscribeEventsMethod(), options);
	}

	/** Begins to listen. Once. Does not block. */
	void start() {
		this.call.start(this, new Metadata());
		this.call.sendMessage(EventFilter.newBuilder().addEventTypes("plugin." + this.plugin + ".*").build());
		this.call.halfClose();
		this.sink.onDispose(() -> cancel("nobody listens any longer"));
		this.sink.onRequest((number) -> this.call.request((int) Math.min(number, Integer.MAX_VALUE)));
	}

	/** Ends it as if the connection had broken. */
	void cancel(String why) {
		this.call.cancel(why, null);
	}

	@Override
	public void onMessage(Event event) {
		this.sink.next(EventMessages.toEmitted(event));
	}

	@Override
	public void onClose(Status status, Metadata trailers) {
		if (status.getCode() == Status.Code.UNIMPLEMENTED) {
			this.sink.error(new EventClient.NotTaken("it emits none by SubscribeEvents"));
		}
		else {
			this.sink.error(new PluginFailure.Unavailable(this.plugin,
					"SubscribeEvents: expected: an open stream, got: its end: " + StatusTranslation.describe(status)));
		}
	}

}
