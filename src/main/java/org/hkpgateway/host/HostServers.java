package org.hkpgateway.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.grpc.MethodDescriptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import net.devh.boot.grpc.server.service.GrpcServiceDefinition;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.jspecify.annotations.Nullable;

/**
 * Serves the host service on one unix socket for each process of a plugin, never on a
 * port; for plugins that run elsewhere there is {@link RemotePluginServer}. All servers
 * share two daemon threads named {@code hkp-plugin-host-…}.
 */
public final class HostServers implements HostAccess, AutoCloseable {

	private static final int THREADS = 2;

	private final List<ServerServiceDefinition> services;

	private final HostRefusalListener listener;

	private final ServerTransport transport;

	private final HostLimits limits;

	private final EventLoopGroup eventLoops;

	private final Set<HostSession> sessions = ConcurrentHashMap.newKeySet();

	private volatile boolean closed;

	/**
	 * Makes the threads; sockets come with sessions.
	 * @param discoverer finds the services, with the interceptors that are common to all
	 * @param listener is told of refused calls
	 * @param tracing makes spans of calls within a trace; null where traces are off
	 * @throws IllegalStateException if it finds other services than the protocol's
	 */
	public HostServers(GrpcServiceDiscoverer discoverer, HostRefusalListener listener, @Nullable HostTracing tracing) {
		this(services(discoverer, tracing), listener, ServerTransport.best(), HostLimits.DEFAULTS);
	}

	HostServers(List<ServerServiceDefinition> services, HostRefusalListener listener, ServerTransport transport,
			HostLimits limits) {
		this.services = checked(services);
		this.listener = listener;
		this.transport = transport;
		this.limits = limits;
		this.eventLoops = new MultiThreadIoEventLoopGroup(THREADS, new DefaultThreadFactory("hkp-plugin-host", true),
				transport.ioHandlers());
	}

	/** The services, with the interceptors that are common to all. */
	static List<ServerServiceDefinition> services(GrpcServiceDiscoverer discoverer, @Nullable HostTracing tracing) {
		CallerTrace trace = new CallerTrace(tracing);
		return discoverer.findGrpcServices()
			.stream()
			.map(GrpcServiceDefinition::getDefinition)
			.map((service) -> ServerInterceptors.intercept(service, trace))
			.toList();
	}

	/** What {@link HostMethod} does not know, nobody has thought about grants for. */
	static List<ServerServiceDefinition> checked(List<ServerServiceDefinition> services) {
		List<String> unknown = services.stream()
			.flatMap((service) -> service.getServiceDescriptor().getMethods().stream())
			.filter((method) -> HostMethod.of(method) == null)
			.map(MethodDescriptor::getFullMethodName)
			.toList();
		if (services.size() != 1 || !unknown.isEmpty()) {
			throw new IllegalStateException("expected: the service PluginHost for plugins and no other, got: "
					+ services.stream().map((service) -> service.getServiceDescriptor().getName()).toList());
		}
		return List.copyOf(services);
	}

	@Override
	public Session open(PluginSpec spec, Path socketDirectory) {
		HostSession session = new HostSession(spec, socketDirectory,
				new Refusals(spec.id(), this.listener, System::nanoTime), this.sessions::remove);
		this.sessions.add(session);
		try {
			// Asked after adding: either close() sees the session, or this sees close().
			if (this.closed || !session.open(this.services, this.transport, this.eventLoops, this.limits)) {
				throw new PluginStartException(spec.id(), "not started: the gateway is stopping");
			}
			return session;
		}
		catch (IOException ex) {
			session.close();
			throw new PluginStartException(spec.id(), "no host socket: expected: a socket in " + socketDirectory
					+ ", whose parent the gateway can write, got: " + ex, ex);
		}
		catch (RuntimeException ex) {
			session.close();
			throw ex;
		}
	}

	/**
	 * Closes all sessions and ends the threads. Blocks for at most two seconds. No
	 * session can be opened any more.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.sessions.forEach(HostSession::close);
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

}
