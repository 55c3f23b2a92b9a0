package org.hkpgateway.chain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
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
 * loop, each with an answer at once, or with one that takes its time of the budget.
 * Shares with the product only the types, headers and the understanding of targets.
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

	private final List<HeaderMutation> answerChanges = new ArrayList<>();

	/**
	 * When each of the plugins that were asked had decided or failed, in milliseconds.
	 */
	final Map<String, Long> done = new HashMap<>();

	/** The time that has passed, in milliseconds. */
	long clock;

	/**
	 * How many of the lines came about before a plugin failed for want of budget; all of
	 * them if none did.
	 */
	int linesInTime = -1;

	SequentialReference(RandomChain chain) {
		this(chain, 0);
	}

	/**
	 * Runs a chain.
	 * @param chain which
	 * @param budget in milliseconds; 0 for a clock that stands still
	 */
	SequentialReference(RandomChain chain, long budget) {
		run(chain, budget);
		this.linesInTime = (this.linesInTime < 0) ? this.lines.size() : this.linesInTime;
	}

	private void run(RandomChain chain, long budget) {
		this.event = chain.request.withBody(chain.body);
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
			if (budget > 0) {
				behaviour = inTime(spec, behaviour, chain.millis(spec, shown, behaviour), budget - this.clock);
				this.done.put(spec.id().name(), this.clock);
			}
			if (behaviour instanceof Decision.Continue go) {
				RequestEvent next = applied(go, shown);
				if (next != null) {
					this.event = next;
					note(spec.id(), go.annotations());
					this.bodyReplaced |= go.body() != null;
					changed(spec.id(), go);
					this.answerChanges.addAll(go.responseHeaders());
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
				overridden(spec.id(), respond.head().headers());
				end("answer " + respond.head().status() + " " + completed(respond.head().headers()) + " "
						+ text(respond));
				return;
			}
			PluginFailure failure = (PluginFailure) behaviour;
			boolean tooLarge = failure instanceof PluginFailure.TooLarge;
			if (tooLarge || spec.fail() == FailPolicy.CLOSED) {
				this.lines.add(spec.id() + " FAILED_CLOSED " + failure.kind());
				end("answer " + (tooLarge ? 413 : 500) + " " + completed(
						Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store")));
				return;
			}
			note(spec.id(), Map.of("failed", failure.kind()));
			this.lines.add(spec.id() + " FAILED_OPEN " + failure.kind());
		}
		end("forward " + this.event.head() + " " + this.event.path() + " " + new java.util.TreeMap<>(this.event.query())
				+ " " + this.event.hkp() + " " + this.bodyReplaced + " " + this.event.body() + " "
				+ this.answerChanges.stream().map(Object::toString).toList());
	}

	/** What it does within its own time and what is left; the clock goes on. */
	private Object inTime(PluginSpec spec, Object behaviour, long millis, long left) {
		long limit = Math.min(spec.timeout().toMillis(), Math.max(left, 0));
		if (millis <= limit && left > 0) {
			this.clock += millis;
			return behaviour;
		}
		this.clock += limit;
		if (limit < spec.timeout().toMillis() && this.linesInTime < 0) {
			this.linesInTime = this.lines.size();
		}
		return new PluginFailure.Timeout(spec.id(), "late");
	}

	/** What an answer says itself stays; the rest of what was wanted is added. */
	private Headers completed(Headers own) {
		Headers all = own;
		for (HeaderMutation mutation : this.answerChanges) {
			if (mutation instanceof HeaderMutation.Append || own.all(mutation.name()).isEmpty()) {
				all = all.apply(List.of(mutation));
			}
		}
		return all;
	}

	private void overridden(PluginId plugin, Headers own) {
		for (HeaderMutation mutation : this.answerChanges) {
			String what = "response/" + mutation.name().toLowerCase(Locale.ROOT);
			if (!(mutation instanceof HeaderMutation.Append) && !own.all(mutation.name()).isEmpty()
					&& !plugin.name().equals(this.latest.get(what))) {
				changed(plugin, what, true);
			}
		}
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
