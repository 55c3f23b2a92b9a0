package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.util.Locale;

import io.netty.util.NetUtil;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.hkp.HkpRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.SignalType;

/**
 * One line for each request, as {@code key=value}: who, what, which plugins, what came of
 * it. The search term is part of the target.
 */
final class AccessLog {

	private static final Logger logger = LoggerFactory.getLogger("hkp.access");

	private final ClientAddressSettings.Log addresses;

	AccessLog(ClientAddressSettings.Log addresses) {
		this.addresses = addresses;
	}

	void write(Exchange exchange, SignalType signal) {
		if (!logger.isInfoEnabled()) {
			return;
		}
		HkpRequest hkp = exchange.hkp();
		StringBuilder line = new StringBuilder(256).append("request=")
			.append(exchange.id())
			.append(" client=")
			.append(client(exchange))
			.append(" method=")
			.append(exchange.method())
			.append(" target=\"")
			.append(escaped(exchange.target()))
			.append("\" operation=")
			.append((hkp != null) ? hkp.operation() : "-")
			.append(" plugins=")
			.append(plugins(exchange))
			.append(" decision=")
			.append(exchange.decision())
			.append(ChainNotes.of(exchange.trace()))
			.append(" status=")
			.append(exchange.isHeadSent() ? exchange.response().status().code() : "-")
			.append(String.format(Locale.ROOT, " ms=%.1f", exchange.elapsedNanos() / 1e6));
		if (signal == SignalType.CANCEL) {
			exchange.abandoned();
		}
		String note = note(exchange);
		if (!note.isEmpty()) {
			line.append(" note=\"").append(escaped(note)).append('"');
		}
		logger.info("{}", line);
	}

	private static String plugins(Exchange exchange) {
		if (exchange.outcomes().isEmpty()) {
			return "-";
		}
		StringBuilder plugins = new StringBuilder();
		for (PluginOutcome outcome : exchange.outcomes()) {
			plugins.append(plugins.isEmpty() ? "" : ",")
				.append(outcome.plugin())
				.append(':')
				.append(outcome.kind().label());
			if (outcome.kind() != PluginOutcome.Kind.SKIPPED) {
				plugins.append(String.format(Locale.ROOT, "(%.1fms)", outcome.nanos() / 1e6));
			}
		}
		return plugins.toString();
	}

	/** The operator wants to know why a plugin failed; the client does not. */
	private static String note(Exchange exchange) {
		for (PluginOutcome outcome : exchange.outcomes()) {
			if (outcome.kind().isFailure()) {
				return exchange.note().isEmpty() ? outcome.detail() : outcome.detail() + "; " + exchange.note();
			}
		}
		return exchange.note();
	}

	private String client(Exchange exchange) {
		ClientAddress client = exchange.client();
		if (client == null || client.client().getAddress() == null) {
			return "-";
		}
		return this.addresses.show(client.client().getAddress());
	}

	static String truncated(InetAddress address) {
		byte[] bytes = address.getAddress();
		int kept = (bytes.length == 4) ? 3 : 6;
		for (int i = kept; i < bytes.length; i++) {
			bytes[i] = 0;
		}
		return NetUtil.bytesToIpAddress(bytes) + "/" + kept * 8;
	}

	/** Nothing that a client sends can end the line or the quotes. */
	static String escaped(String text) {
		StringBuilder escaped = new StringBuilder(text.length());
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
				escaped.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
			}
			else {
				escaped.append(c);
			}
		}
		return escaped.toString();
	}

}
