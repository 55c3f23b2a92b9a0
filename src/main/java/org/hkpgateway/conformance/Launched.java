package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.function.Consumer;

import org.hkpgateway.grpc.ProbeHost;
import org.hkpgateway.grpc.ProbeOffer;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.TrialProcess;

/**
 * A process that was started, and what it was told.
 *
 * @param spec the plugin
 * @param process the process
 * @param offer what was made for its connections
 * @param host where it can call back
 * @param start how long its handshake may take
 * @param ended is told when it is over
 */
record Launched(PluginSpec spec, TrialProcess process, ProbeOffer offer, ProbeHost host, Duration start,
		Consumer<TrialProcess> ended) implements AutoCloseable {

	/** Kills it if it still runs. */
	@Override
	public void close() {
		this.process.close();
		this.host.close();
		this.ended.accept(this.process);
	}

}
