package org.hkpgateway.grpc;

import java.util.concurrent.atomic.LongAdder;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.plugin.StreamListener.Incident;

/**
 * What happened on the streams of one connection. Safe for any thread; the numbers only
 * grow.
 */
final class StreamCounters {

	private final LongAdder ignoredAnswers = new LongAdder();

	private final LongAdder brokenStreams = new LongAdder();

	private final LongAdder diverted = new LongAdder();

	private final PluginId plugin;

	private final StreamListener listener;

	StreamCounters(PluginId plugin, StreamListener listener) {
		this.plugin = plugin;
		this.listener = listener;
	}

	void answerIgnored() {
		this.ignoredAnswers.increment();
		this.listener.onIncident(this.plugin, Incident.ANSWER_IGNORED);
	}

	void streamBroken() {
		this.brokenStreams.increment();
		this.listener.onIncident(this.plugin, Incident.STREAM_BROKEN);
	}

	void diverted() {
		this.diverted.increment();
		this.listener.onIncident(this.plugin, Incident.REQUEST_DIVERTED);
	}

	/**
	 * Answers to nobody: an unknown id, one answered before, or one that nobody waits for
	 * any longer.
	 * @return how many
	 */
	long ignoredAnswers() {
		return this.ignoredAnswers.sum();
	}

	/**
	 * Streams that ended though this side had not ended them, or with answers
	 * outstanding.
	 * @return how many
	 */
	long brokenStreams() {
		return this.brokenStreams.sum();
	}

	/**
	 * Requests that went as unary calls because there was no stream or no room on it; not
	 * those with a large body.
	 * @return how many
	 */
	long divertedRequests() {
		return this.diverted.sum();
	}

}
