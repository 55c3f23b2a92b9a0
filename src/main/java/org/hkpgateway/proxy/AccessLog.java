package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

import io.netty.util.NetUtil;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each request: who, what, which plugins, what came of it, how long it took.
 * The search term is part of the target; no header, cookie or body is ever on it. In a
 * log of plain lines it is {@code key=value} (logfmt), in a structured log its fields are
 * members of the record.
 */
final class AccessLog {

	private static final Logger logger = LoggerFactory.getLogger("hkp.access");

	private final ClientAddressSettings.Log addresses;

	private final LogForm form;

	/**
	 * Makes a log.
	 * @param addresses how much of addresses it shows
	 * @param form whether lines are records with members
	 */
	AccessLog(ClientAddressSettings.Log addresses, LogForm form) {
		this.addresses = addresses;
		this.form = form;
	}

	/**
	 * Writes the line, if the log is on. Does not block: the log's queue drops what is
	 * too much.
	 * @param exchange which has ended
	 */
	void write(Exchange exchange) {
		if (!logger.isInfoEnabled()) {
			return;
		}
		switch (this.form) {
			case LINES -> logger.info("{}", line(exchange));
			case RECORDS -> record(exchange).log(null);
			case BOTH -> record(exchange).log(line(exchange));
		}
	}

	private AccessLine line(Exchange exchange) {
		AccessLine line = new AccessLine();
		fill(line, exchange);
		return line;
	}

	private AccessRecord record(Exchange exchange) {
		AccessRecord made = new AccessRecord(logger.atInfo());
		fill(made, exchange);
		return made;
	}

	private void fill(AccessFields line, Exchange exchange) {
		ClientAddress client = exchange.client();
		InetAddress address = (client != null) ? client.client().getAddress() : null;
		HkpRequest hkp = exchange.hkp();
		ChainTrace trace = exchange.trace();
		UnaryOperator<String> hidden = this.addresses.hiding(address);
		line.word("request", exchange.id());
		line.word("client", (address != null) ? shown(address) : "");
		line.word("protocol", exchange.protocol());
		line.word("tls", (client != null) ? String.valueOf(client.tls()) : "");
		line.word("method", exchange.method());
		line.quoted("target", hidden.apply(exchange.target()));
		line.word("operation", (hkp != null) ? hkp.operation().name() : "");
		line.words("plugins", plugins(trace.outcomes()));
		line.word("decision", exchange.decision());
		line.number("status", exchange.isHeadSent() ? exchange.response().status().code() : -1);
		PluginOutcome decider = decider(trace);
		line.word("plugin", (decider != null) ? decider.plugin().toString() : "");
		if (decider != null && decider.kind() == PluginOutcome.Kind.RESPONDED && !decider.detail().isEmpty()) {
			line.quoted("reason", hidden.apply(decider.detail()));
		}
		ChainNotes.fill(line, trace, hidden);
		line.word("upstream", exchange.upstream());
		line.number("in", exchange.received());
		line.number("out", exchange.sent());
		line.millis("ms", exchange.elapsedNanos());
		line.millis("plugins_ms", trace.nanos());
		line.millis("upstream_first_ms", exchange.upstreamFirstNanos());
		line.millis("upstream_ms", exchange.upstreamNanos());
		String note = note(exchange, trace);
		if (!note.isEmpty()) {
			line.quoted("note", hidden.apply(note));
		}
	}

	private static List<String> plugins(List<PluginOutcome> outcomes) {
		if (outcomes.isEmpty()) {
			return List.of();
		}
		List<String> plugins = new ArrayList<>(outcomes.size());
		for (PluginOutcome outcome : outcomes) {
			StringBuilder plugin = new StringBuilder(48).append(outcome.plugin())
				.append(':')
				.append(outcome.kind().label());
			if (outcome.kind() != PluginOutcome.Kind.SKIPPED) {
				Millis.append(plugin.append('('), outcome.nanos());
				plugin.append("ms");
				if (Millis.tenths(outcome.share()) < Millis.tenths(outcome.nanos())) {
					Millis.append(plugin.append('/'), outcome.share());
					plugin.append("ms");
				}
				plugin.append(')');
			}
			plugins.add(plugin.toString());
		}
		return plugins;
	}

	/** Whose answer, or whose failure, the client got; null if no plugin's. */
	static @Nullable PluginOutcome decider(ChainTrace trace) {
		for (PluginOutcome outcome : trace.outcomes()) {
			if (outcome.kind() == PluginOutcome.Kind.RESPONDED || outcome.kind() == PluginOutcome.Kind.FAILED_CLOSED) {
				return outcome;
			}
		}
		return null;
	}

	/** The operator wants to know why a plugin failed; the client does not. */
	private static String note(Exchange exchange, ChainTrace trace) {
		for (PluginOutcome outcome : trace.outcomes()) {
			if (outcome.kind().isFailure()) {
				return exchange.note().isEmpty() ? outcome.detail() : outcome.detail() + "; " + exchange.note();
			}
		}
		return exchange.note();
	}

	private String shown(InetAddress address) {
		return this.addresses.show(address);
	}

	static String truncated(InetAddress address) {
		byte[] bytes = address.getAddress();
		int kept = (bytes.length == 4) ? 3 : 6;
		for (int i = kept; i < bytes.length; i++) {
			bytes[i] = 0;
		}
		return NetUtil.bytesToIpAddress(bytes) + "/" + kept * 8;
	}

}
