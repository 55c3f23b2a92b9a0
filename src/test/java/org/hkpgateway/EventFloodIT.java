package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One plugin publishes as fast as it may, one that wants all of it is stopped, and the
 * gateway has little memory.
 */
@Timeout(180)
class EventFloodIT {

	/** Far below the three health checks after which a process is replaced. */
	private static final int SECONDS = 6;

	private static final Pattern TOLD = Pattern
		.compile("reading received=(\\d+) dropped=(\\d+) first=(\\d+) last=(\\d+) .*");

	/** Groups of it. */
	private static final int RECEIVED = 1;

	private static final int DROPPED = 2;

	private static final int FIRST = 3;

	private static final int LAST = 4;

	@TempDir
	private Path plugins;

	private GatewayProcess gateway;

	@Test
	void aStoppedReaderCostsNothingButItsOwnEvents() throws Exception {
		for (String name : List.of("writer", "reader", "other")) {
			FakePluginProgram.installHearing(this.plugins, name, "OFF",
					"capabilities = [\"http.request\", \"http.respond\", \"events.publish\", \"events.subscribe\"]");
		}
		// Without memory it ends, instead of going on somehow.
		try (GatewayProcess started = GatewayProcess.startWith(List.of("-Xmx96m", "-XX:+ExitOnOutOfMemoryError"),
				"hkp.plugins.directories=" + this.plugins, "hkp.plugins.chain-budget=15s",
				"hkp.plugins.default-grants=http.request,http.respond,events.publish,events.subscribe",
				settings("writer"), settings("reader"), settings("other"), match("writer"), match("reader"),
				match("other"), "hkp.plugins.settings.writer.timeout=15s", "hkp.plugins.settings.reader.timeout=15s",
				"hkp.plugins.settings.other.timeout=15s")) {
			this.gateway = started;
			assertThat(ask("reader", "call=read&type=plugin.writer.*")).isEqualTo("reading");
			assertThat(ask("other", "call=read&type=plugin.writer.*")).isEqualTo("reading");
			this.gateway.await("readers", () -> {
				ask("writer", "call=publish&type=plugin.writer.x&count=1");
				return number("reader", RECEIVED) > 0 && number("other", RECEIVED) > 0;
			});
			long[] seen = { -1 };
			this.gateway.await("nothing on its way", () -> {
				boolean still = number("reader", LAST) == seen[0] && number("other", LAST) == seen[0];
				seen[0] = number("other", LAST);
				return still;
			});
			long before = seen[0];
			long pid = this.gateway.pluginPid("reader");
			SystemProcesses.signal(pid, "STOP");
			try {
				assertThat(ask("writer", "call=flood&type=plugin.writer.x&seconds=" + SECONDS)).isEqualTo("flooding");
				int answered = 0;
				while (ask("writer", "call=flooded").equals("flooding")) {
					assertThat(RawClient.exchange(this.gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status())
						.isEqualTo(200);
					answered++;
				}
				assertThat(answered).as("requests during the flood").isGreaterThan(10);
				// Counted while it still sleeps.
				this.gateway.await("losses of the reader", () -> lost("reader") > 0);
			}
			finally {
				SystemProcesses.signal(pid, "CONT");
			}
			long sent = Long.parseLong(ask("writer", "call=flooded").substring("sent ".length()));
			assertThat(sent).as("events of a flood, of which 10 000 may wait").isGreaterThan(10_000);
			for (String reader : List.of("reader", "other")) {
				this.gateway.await("the end of the flood at " + reader, () -> number(reader, LAST) == before + sent);
				assertThat(number(reader, RECEIVED) + number(reader, DROPPED)).as(reader)
					.isEqualTo(before + sent - number(reader, FIRST) + 1);
				assertThat(lost(reader)).isEqualTo(number(reader, DROPPED));
			}
			assertThat(lost("reader")).isGreaterThan(lost("other"));
			assertThat(this.gateway.pluginPid("reader")).isEqualTo(pid);
		}
	}

	private static String settings(String plugin) {
		return "hkp.plugins.settings." + plugin + ".required=true";
	}

	private static String match(String plugin) {
		return "hkp.plugins.settings." + plugin + ".match.paths=/" + plugin + "/**";
	}

	private String ask(String plugin, String query) {
		try {
			return RawClient
				.exchange(this.gateway.port(),
						"GET /" + plugin + "/asks-host?" + query + " HTTP/1.0\r\nHost: k\r\n\r\n")
				.body();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private long number(String plugin, int group) {
		String told = ask(plugin, "call=told");
		Matcher matcher = TOLD.matcher(told);
		assertThat(matcher.matches()).as(told).isTrue();
		return Long.parseLong(matcher.group(group));
	}

	private long lost(String plugin) {
		return this.gateway.actuator("metrics/hkp.plugin.events.lost?tag=plugin:" + plugin)
			.path("measurements")
			.path(0)
			.path("value")
			.asLong(0);
	}

}
