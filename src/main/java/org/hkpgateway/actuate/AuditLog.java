package org.hkpgateway.actuate;

import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import org.hkpgateway.log.BoundedText;
import org.hkpgateway.log.SparseLines;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;
import reactor.core.publisher.Mono;

import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * One line of the logger {@code hkp.audit} for each change through the management port,
 * whether it was made or not, and for attempts that were turned away or came with a wrong
 * credential, of which one line in ten seconds says how many there were. Fields are
 * key-value pairs, named {@code hkp.<name>}, for logs with structure, and the message is
 * the same as logfmt. No body, header or query is ever on it.
 */
public final class AuditLog implements WebFilter, Ordered {

	private static final Logger logger = LoggerFactory.getLogger("hkp.audit");

	private static final int LONGEST = 256;

	private final SparseLines refusals = new SparseLines();

	@Override
	public int getOrder() {
		// Around all that turns away.
		return Ordered.HIGHEST_PRECEDENCE + 10;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		AuditEntry entry = new AuditEntry();
		AtomicBoolean written = new AtomicBoolean();
		exchange.getAttributes().put(AuditEntry.class.getName(), entry);
		// Not at the end of the chain: an error becomes a status outside of it.
		exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> {
			if (written.compareAndSet(false, true)) {
				HttpStatusCode status = exchange.getResponse().getStatusCode();
				write(exchange, entry, (status != null) ? status.value() : 200);
			}
		}));
		return chain.filter(exchange).contextWrite((context) -> context.put(AuditEntry.class, entry)).doOnCancel(() -> {
			if (written.compareAndSet(false, true)) {
				write(exchange, entry, 0);
			}
		});
	}

	private void write(ServerWebExchange exchange, AuditEntry entry, int status) {
		HttpMethod method = exchange.getRequest().getMethod();
		boolean read = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
		if (entry.who() != null && !read) {
			log(Level.INFO, fields(exchange, entry, status), 0);
		}
		else if (entry.isRefused() || status == 401 || status == 403 || status == 421 || status == 429) {
			this.refusals.write((before) -> log(Level.WARN, fields(exchange, entry, status), before));
		}
	}

	private static Map<String, Object> fields(ServerWebExchange exchange, AuditEntry entry, int status) {
		Map<String, Object> fields = new LinkedHashMap<>();
		String who = entry.who();
		put(fields, "who", (who != null) ? who : "");
		put(fields, "claimed", (who != null) ? "" : entry.claimed());
		put(fields, "peer", peer(exchange));
		put(fields, "action", entry.action());
		put(fields, "plugin", entry.plugin());
		put(fields, "key", entry.key());
		put(fields, "outcome", entry.outcome().isEmpty() ? outcome(entry, status) : entry.outcome());
		if (status != 0) {
			fields.put("status", status);
		}
		put(fields, "method", exchange.getRequest().getMethod().name());
		put(fields, "path", exchange.getRequest().getURI().getRawPath());
		return fields;
	}

	private static void put(Map<String, Object> fields, String name, @Nullable String value) {
		if (value != null && !value.isEmpty()) {
			fields.put(name, BoundedText.oneLine(value, LONGEST));
		}
	}

	private static String peer(ServerWebExchange exchange) {
		InetSocketAddress remote = exchange.getRequest().getRemoteAddress();
		return (remote != null && remote.getAddress() != null) ? remote.getAddress().getHostAddress() : "";
	}

	private static String outcome(AuditEntry entry, int status) {
		if (status == 0) {
			return "client went away";
		}
		if (entry.isRefused() && status < 400) {
			return "credential refused";
		}
		if (status == 202) {
			return "accepted";
		}
		return (status < 400) ? "done" : (status < 500) ? "refused" : "failed";
	}

	private static void log(Level level, Map<String, Object> fields, long before) {
		LoggingEventBuilder event = logger.atLevel(level);
		for (Map.Entry<String, Object> field : fields.entrySet()) {
			event = event.addKeyValue("hkp." + field.getKey(), field.getValue());
		}
		if (before > 0) {
			event = event.addKeyValue("hkp.unsaid", before);
		}
		event.setMessage("{}").addArgument(line(fields) + SparseLines.more(before)).log();
	}

	private static String line(Map<String, Object> fields) {
		StringBuilder line = new StringBuilder();
		fields.forEach((name, value) -> line.append(line.isEmpty() ? "" : " ")
			.append(name)
			.append('=')
			.append((value instanceof String text) ? quoted(text) : value));
		return line.toString();
	}

	private static String quoted(String text) {
		boolean plain = text.chars().noneMatch((c) -> c <= ' ' || c == '"' || c == '=' || c == '\\');
		return plain ? text : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
	}

}
