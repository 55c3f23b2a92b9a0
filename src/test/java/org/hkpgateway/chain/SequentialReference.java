package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

/**
 * What a chain is to do, said as plainly as possible: one plugin after another, in a
 * loop, each with an answer at once. Shares with the product only the types, headers and
 * the understanding of targets.
 */
final class SequentialReference {

	final List<String> lines = new ArrayList<>();

	final Map<String, Object> shadows = new HashMap<>();

	private final List<String> changes = new ArrayList<>();

	private final Map<String, String> latest = new HashMap<>();

	private RequestEvent event;

	private boolean bodyReplaced;

	private String delay = "";

	private long delayMillis;

	SequentialReference(RandomChain chain) {
		this.event = chain.request.withBody(chain.body);
		List<String> responseHeaders = new ArrayList<>();
		for (PluginSpec spec : chain.plugins) {
			if (!spec.match().methods().isEmpty()) {
				this.lines.add(spec.id() + " SKIPPED methods");
			}
		}
		for (PluginSpec spec : chain.plugins) {
			if (!spec.match().methods().isEmpty()) {
				continue;
			}
			RequestEvent shown = shown(spec);
			Object behaviour = chain.behaviour(spec, shown);
			if (spec.mode() == PluginMode.SHADOW) {
				this.shadows.put(spec.id().name(), behaviour);
				continue;
			}
			if (behaviour instanceof Decision.Continue go) {
				RequestEvent next = applied(go, shown);
				if (next != null) {
					this.event = next;
					note(spec.id(), go.annotations());
					this.bodyReplaced |= go.body() != null;
					changed(spec.id(), go);
					go.responseHeaders().forEach((mutation) -> responseHeaders.add(mutation.toString()));
					held(spec.id(), go);
					this.lines.add(spec.id() + " CONTINUED " + go.reason());
					continue;
				}
				behaviour = new PluginFailure.ProtocolError(spec.id(), "refused");
			}
			if (behaviour instanceof Decision.Respond respond) {
				note(spec.id(), respond.annotations());
				held(spec.id(), respond);
				this.lines.add(spec.id() + " RESPONDED " + respond.reason());
				end("answer " + respond.head().status() + " " + respond.head().headers() + " " + text(respond));
				return;
			}
			PluginFailure failure = (PluginFailure) behaviour;
			boolean tooLarge = failure instanceof PluginFailure.TooLarge;
			if (tooLarge || spec.fail() == FailPolicy.CLOSED) {
				this.lines.add(spec.id() + " FAILED_CLOSED " + failure.kind());
				end("answer " + (tooLarge ? 413 : 500));
				return;
			}
			note(spec.id(), Map.of("failed", failure.kind()));
			this.lines.add(spec.id() + " FAILED_OPEN " + failure.kind());
		}
		end("forward " + this.event.head() + " " + this.event.path() + " " + new java.util.TreeMap<>(this.event.query())
				+ " " + this.event.hkp() + " " + this.bodyReplaced + " " + this.event.body() + " " + responseHeaders);
	}

	private void end(String how) {
		this.lines.add(how);
		this.lines.add("annotations " + new java.util.TreeMap<>(this.event.annotations()));
		this.lines.add("changes " + this.changes);
		this.lines.add("delay " + this.delay);
	}

	private RequestEvent shown(PluginSpec spec) {
		RequestEvent shown = this.event;
		if (!spec.granted().contains(Capability.HTTP_CREDENTIALS)) {
			shown = shown.withHead(shown.head().withHeaders(shown.head().headers().without("Authorization"::equals)));
		}
		RequestBody body = this.event.body();
		if (body.state() == RequestBody.State.COMPLETE) {
			int bytes = body.bytes().remaining();
			body = switch (spec.body()) {
				case FULL -> body;
				case NONE -> RequestBody.withheld(bytes);
				case PREFIX ->
					(bytes <= 4) ? body : new RequestBody(RequestBody.State.PREFIX, body.bytes().slice(0, 4), bytes);
			};
		}
		return shown.withBody(body);
	}

	/** Null if it cannot be done. */
	private RequestEvent applied(Decision.Continue go, RequestEvent shown) {
		RequestEvent next = this.event;
		if (go.rewrite() != null) {
			String target = go.rewrite().of(next.head().target());
			if (target.contains("//")) {
				return null;
			}
			next = next.withTarget(target);
		}
		List<HeaderMutation> headers = new ArrayList<>();
		if (go.body() != null) {
			if (shown.body().state() != RequestBody.State.COMPLETE) {
				return null;
			}
			next = next.withBody(
					new RequestBody(RequestBody.State.COMPLETE, go.body().bytes(), go.body().bytes().remaining()));
			headers.add(new HeaderMutation.Set("Content-Length", "" + go.body().bytes().remaining()));
			if (go.body().contentType() != null) {
				headers.add(new HeaderMutation.Set("Content-Type", go.body().contentType()));
			}
		}
		headers.addAll(go.requestHeaders());
		return next.withHead(next.head().withHeaders(next.head().headers().apply(headers)));
	}

	private void note(PluginId plugin, Map<String, String> annotations) {
		Map<String, String> all = new HashMap<>(this.event.annotations());
		annotations.forEach((key, value) -> all.put(plugin + "." + key, value));
		this.event = this.event.withAnnotations(all);
	}

	private void held(PluginId plugin, Decision decision) {
		if (decision.delay().toMillis() > this.delayMillis) {
			this.delayMillis = decision.delay().toMillis();
			this.delay = plugin + " " + this.delayMillis;
		}
	}

	private void changed(PluginId plugin, Decision.Continue go) {
		if (go.rewrite() != null) {
			changed(plugin, "target", true);
		}
		if (go.body() != null) {
			changed(plugin, "body", true);
			if (go.body().contentType() != null) {
				changed(plugin, "content-type", true);
			}
		}
		go.requestHeaders().forEach((mutation) -> changed(plugin, "", mutation));
		go.responseHeaders().forEach((mutation) -> changed(plugin, "response/", mutation));
	}

	private void changed(PluginId plugin, String prefix, HeaderMutation mutation) {
		changed(plugin, prefix + mutation.name().toLowerCase(Locale.ROOT),
				!(mutation instanceof HeaderMutation.Append));
	}

	private void changed(PluginId plugin, String what, boolean replaces) {
		String before = this.latest.put(what, plugin.name());
		this.changes.add(plugin + ":" + what + ((replaces && before != null) ? ">" + before : ""));
	}

	static String text(Decision.Respond respond) {
		return java.nio.charset.StandardCharsets.UTF_8.decode(respond.body().duplicate()).toString();
	}

}
