package org.hkpgateway.conformance;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.ProbeConnector;
import org.hkpgateway.grpc.ProbeHost;
import org.hkpgateway.grpc.ProbeOffer;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.CapturedOutput;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.TrialLauncher;
import org.hkpgateway.process.TrialProcess;

/**
 * Starts processes of the plugin, and keeps what they have printed. To be used by one
 * thread; {@link #close()} by any.
 */
final class Bench implements AutoCloseable {

	/** In the directory for the plugin's own socket. */
	static final String HOST_SOCKET = "h";

	private final TrialLauncher launcher = new TrialLauncher(LaunchOptions.defaults());

	private final ProbeConnector connector;

	private final List<Printed> printed = new ArrayList<>();

	private final Set<String> secrets = new LinkedHashSet<>();

	private final Duration start;

	/**
	 * Nothing is started yet.
	 * @param version of the gateway, as plugins are told
	 * @param start how long a handshake may take
	 */
	Bench(String version, Duration start) {
		this.start = start;
		this.connector = new ProbeConnector(new Gateway(version, Duration.ofSeconds(1)));
	}

	/**
	 * Starts a process.
	 * @param changes of its environment, see {@link TrialLauncher}
	 * @throws SessionException if the system cannot
	 */
	Launched start(PluginSpec spec, Map<String, String> changes) throws SessionException {
		try {
			ProbeOffer offer = this.connector.offer(spec);
			this.secrets.addAll(offer.secrets());
			ProbeHost[] host = new ProbeHost[1];
			TrialProcess process = this.launcher.start(spec, offer.certificateExpected(), (sockets) -> {
				host[0] = openHost(sockets);
				Map<String, String> told = new HashMap<>(offer.environment());
				told.putAll(host[0].environment());
				return told;
			}, changes);
			return new Launched(spec, process, offer, host[0], this.start, this::ended);
		}
		catch (RuntimeException ex) {
			throw new SessionException(String.valueOf(ex.getMessage()));
		}
	}

	private ProbeHost openHost(Path sockets) {
		ProbeHost host = this.connector.host(sockets.resolve(HOST_SOCKET));
		this.secrets.add(host.token());
		return host;
	}

	/**
	 * Starts one and goes as far as a connection.
	 * @throws SessionException if it does not get there
	 */
	Session connect(PluginSpec spec) throws SessionException, InterruptedException {
		Launched launched = start(spec, Map.of());
		boolean connected = false;
		try {
			Session session = Session.open(launched);
			connected = true;
			return session;
		}
		finally {
			if (!connected) {
				launched.close();
			}
		}
	}

	/**
	 * Starts one and has its own configuration accepted.
	 * @throws SessionException if it does not get there
	 */
	Session initialize(PluginSpec spec) throws SessionException, InterruptedException {
		Session session = connect(spec);
		boolean initialized = false;
		try {
			session.initialize();
			initialized = true;
			return session;
		}
		finally {
			if (!initialized) {
				session.close();
			}
		}
	}

	private void ended(TrialProcess process) {
		this.printed.add(new Printed(process.out(), process.err()));
	}

	/** What processes have printed that have ended. */
	List<Printed> printed() {
		return this.printed;
	}

	/** What none of them may have printed. */
	Set<String> secrets() {
		return this.secrets;
	}

	/** Kills what still runs. */
	@Override
	public void close() {
		this.launcher.close();
		this.connector.close();
	}

	/**
	 * The output of one process.
	 *
	 * @param out stdout
	 * @param err stderr
	 */
	record Printed(CapturedOutput out, CapturedOutput err) {
	}

}
