package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.DebianSystem;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GuideBlocks;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Follows {@code docs/install-debian.md} on a fresh Debian, in which a real sks is the
 * keyserver: each block of commands but the one for {@code strict}, in the order of the
 * page. What is different here stands there under "What was tried": among that is the
 * address of the abuser, which is the test's own, and settings for a busy machine. What
 * the comment at the end of a command says must be in its output. No systemd runs there,
 * so the test does what the unit says.
 * <p>
 * On the same Debian it follows the commands of {@code docs/operator-guide.md}, as they
 * stand there, before the installation and after it. Comments are words there.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class DebianInstallIT {

	private static final String PAGE = "install-debian.md";

	private static final String GUIDE = "operator-guide.md";

	/** Of the guide: jq is not on every Debian, and no collector of traces is here. */
	private static final Pattern NOT_HERE = Pattern.compile("\\A(jq |java .*\\\\\n +--management\\.opentelemetry)");

	private static final String CHECKOUT = "/usr/src/hkp-gateway";

	private static final Path ROOT = GatewayProcess.root().toAbsolutePath().normalize();

	private static final Path UNIT = ROOT.resolve("config/systemd/hkp-gateway.service");

	private static final Pattern EXPECTED = Pattern.compile("(?m)\\s{2,}# (.+)$");

	private static final String STATISTICS = "http://127.0.0.1:11371/pks/lookup?op=stats";

	@TempDir
	private Path work;

	private final Set<String> followed = new HashSet<>();

	private DebianSystem debian;

	private Path log;

	@Test
	void theGuideDoesWhatItSays() throws Exception {
		Requirements.timeFor("installing on a fresh Debian");
		this.log = this.work.resolve("gateway.log");
		try (DebianSystem system = DebianSystem.start()) {
			this.debian = system;
			bringTheBuild();
			theOperatorGuideInstalls();
			Process keyserver = startSks();
			follow("apt-get install");
			follow("cat > /etc/hkp-gateway/application.yml");
			follow("systemctl enable");
			Process gateway = startAsTheUnitSays();
			followUntil("health/readiness");
			followUntil("actuator/console/stream");
			follow("systemctl restart prometheus");
			Process prometheus = this.debian.launch("/", Map.of(),
					"exec setpriv --reuid=prometheus --regid=prometheus --clear-groups prometheus",
					this.work.resolve("prometheus.log"));
			anAbuserIsBlocked();
			aBanIsLifted();
			theOperatorGuideExplainsAndChanges();
			follow("\"dryRun\":true");
			assertThat(status("-d keytext=x http://127.0.0.1:11371/pks/add")).isEqualTo("403");
			aPluginIsUpgradedAndBroughtBack();
			aPluginThatDiesAgainAndAgainIsSeen();
			assertThat(stop(gateway)).as(Files.readString(this.log)).isEqualTo(143);
			assertThat(callsThatAreNotPermitted()).as("system calls that the unit does not permit").isEmpty();

			follow("hkp-gateway.jar extract --destination /usr/share/hkp-gateway/0.2.0");
			gateway = startAsTheUnitSays();
			followUntil("health/readiness");
			assertThat(stop(gateway)).isEqualTo(143);
			prometheus.destroy();
			keyserver.destroy();
		}
		assertThat(GuideBlocks.of(PAGE)).filteredOn((block) -> !block.file().equals("strict"))
			.extracting(GuideBlocks.Block::text)
			.as("blocks of the page")
			.isSubsetOf(this.followed);
		assertThat(GuideBlocks.of(GUIDE)).filteredOn((block) -> block.language().equals("sh"))
			.extracting(GuideBlocks.Block::text)
			.filteredOn((block) -> !NOT_HERE.matcher(block).find())
			.as("blocks of the operator guide")
			.isSubsetOf(this.followed);
	}

	@Test
	void systemdTakesTheUnitForAUnit() throws IOException {
		Path analyze = Requirements.program("systemd-analyze");
		Path units = Files.createDirectory(this.work.resolve("units"));
		Path unit = Files.writeString(units.resolve("hkp-gateway.service"),
				// The program of this machine, which has Java elsewhere perhaps.
				Files.readString(UNIT).replace("/usr/bin/java", "/bin/true"));
		Path dropIn = Files.createDirectory(units.resolve("hkp-gateway.service.d"));
		for (boolean strict : new boolean[] { false, true }) {
			if (strict) {
				Files.copy(ROOT.resolve("config/systemd/strict-isolation.conf"),
						dropIn.resolve("strict-isolation.conf"));
			}
			Command.Result verified = Command.run(this.work, Duration.ofMinutes(1), new byte[0],
					List.of(analyze.toString(), "verify", "--man=no", unit.toString()));
			// Others are of units of this machine.
			assertThat(verified.errors().lines().filter((line) -> line.contains("hkp-gateway"))).isEmpty();
			verified.orFail();
			// Tenths. A service without any of it has 96.
			Command
				.run(this.work, Duration.ofMinutes(1), new byte[0], List.of(analyze.toString(), "security",
						"--offline=true", "--threshold=" + (strict ? 35 : 20), unit.toString()))
				.orFail();
		}
	}

	private void bringTheBuild() throws IOException {
		Path checkout = Files.createDirectories(this.debian.root().resolve(CHECKOUT.substring(1)));
		Files.createDirectory(checkout.resolve("target"));
		Files.copy(ROOT.resolve("target/hkp-gateway.jar"), checkout.resolve("target/hkp-gateway.jar"));
		FileSystemUtils.copyRecursively(GatewayProcess.ANTIABUSE,
				Files.createDirectories(checkout.resolve("plugins/antiabuse/target/dist")));
		FileSystemUtils.copyRecursively(ROOT.resolve("config"), checkout.resolve("config"));
		this.debian.shell(CHECKOUT, "chmod +x plugins/antiabuse/target/dist/hkp-plugin-antiabuse");
	}

	/** By hand, on a Debian that has nothing of it; and leaves nothing behind. */
	private void theOperatorGuideInstalls() {
		Process gateway = this.debian.launch(CHECKOUT, Map.of("JAVA_TOOL_OPTIONS", "-Dhkp.shutdown.pre-stop=0s"),
				text(GUIDE, "sh", "--spring.config.additional-location="), this.log);
		until(() -> assertThat(guide("health/readiness")).contains("{\"status\":\"UP\"", "\"state\":\"READY\""));
		assertThat(guide("plugins check")).contains("1 plugin can run; 0 errors", "antiabuse");
		assertThat(stop(gateway)).isEqualTo(143);
		this.debian.shell("/", "rm -r /etc/hkp-gateway /var/lib/hockeypuck");
	}

	private void theOperatorGuideExplainsAndChanges() {
		assertThat(guide("actuator/explain")).contains("\"kind\":\"forward\"", "\"antiabuse\"");
		String changes = guide("act() {");
		assertThat(changes.lines()).as(changes).hasSize(3).noneMatch((line) -> line.contains("\"error\":"));
		assertThat(changes).containsSubsequence("\"unchanged\":[\"antiabuse\"]", "\"unchanged\":[\"antiabuse\"]",
				"\"outcome\":\"DONE\"");
	}

	private Process startSks() {
		this.debian.shell("/",
				"""
						mkdir -p /srv/sks && cd /srv/sks
						mkdir -p etc/sks var/log/sks var/run/sks var/lib/sks/dump var/lib/sks/www var/spool/sks/messages var/spool/sks/failed_messages
						printf '%s\\n' 'hostname: localhost' 'hkp_address: 127.0.0.1' 'hkp_port: 11372' 'recon_address: 127.0.0.1' 'recon_port: 11370' 'disable_mailsync:' > etc/sks/sksconf
						: > etc/sks/membership; : > var/lib/sks/dump/seed.pgp
						sks build /srv/sks/var/lib/sks/dump/seed.pgp -basedir /srv/sks -n 1 -cache 20
						""");
		return this.debian.launch("/srv/sks", Map.of(), "exec sks db -basedir /srv/sks -stdoutlog",
				this.work.resolve("sks.log"));
	}

	/** Does what systemd would, and traces what it would refuse. */
	private Process startAsTheUnitSays() throws IOException {
		Map<String, String> unit = new LinkedHashMap<>();
		Files.readString(this.debian.root().resolve("etc/systemd/system/hkp-gateway.service"))
			.lines()
			.filter((line) -> line.matches("[A-Z]\\w+=.*"))
			.map((line) -> line.split("=", 2))
			.forEach((setting) -> unit.merge(setting[0], setting[1], (one, other) -> one + " " + other));
		assertThat(unit).containsEntry("User", "hkp-gateway")
			.containsEntry("SystemCallFilter", "@system-service")
			.containsEntry("NoNewPrivileges", "yes")
			.containsEntry("EnvironmentFile", "-/etc/default/hkp-gateway")
			.hasEntrySatisfying("ExecStart",
					(command) -> assertThat(command).contains(" -XX:+ExitOnOutOfMemoryError "));
		Files.writeString(this.debian.root().resolve("etc/default/hkp-gateway"), text(PAGE, "ini", "JAVA_OPTS="));
		this.debian.shell("/",
				"install -d -o hkp-gateway -g hkp-gateway -m " + unit.get("StateDirectoryMode") + " /var/lib/"
						+ unit.get("StateDirectory") + "; install -d -o hkp-gateway -g hkp-gateway -m "
						+ unit.get("RuntimeDirectoryMode") + " /run/" + unit.get("RuntimeDirectory")
						+ "; rm -f /tmp/calls; install -o hkp-gateway -m 600 /dev/null /tmp/calls");
		Map<String, String> environment = Map.of(unit.get("Environment").split("=", 2)[0],
				unit.get("Environment").split("=", 2)[1]);
		Set<String> calls = permitted("@system-service");
		assertThat(calls).hasSizeGreaterThan(200);
		String permitted = calls.stream().map((call) -> "?" + call).collect(Collectors.joining(","));
		return this.debian.launch(unit.get("WorkingDirectory"), environment,
				". /etc/default/hkp-gateway; umask " + unit.get("UMask") + "; exec setpriv --reuid=" + unit.get("User")
						+ " --regid=" + unit.get("Group")
						+ " --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all"
						+ " strace -f -Y --seccomp-bpf -qq -e signal=none -o /tmp/calls -e 'trace=!" + permitted
						+ "' -- " + unit.get("ExecStart"),
				this.log);
	}

	/** The system calls of a set, as Debian's systemd knows them. */
	private Set<String> permitted(String first) {
		Set<String> calls = new TreeSet<>();
		List<String> sets = new ArrayList<>(List.of(first));
		for (int i = 0; i < sets.size(); i++) {
			this.debian.shell("/", "systemd-analyze syscall-filter --no-pager " + sets.get(i))
				.lines()
				.map(String::strip)
				.filter((line) -> !line.isEmpty() && !line.startsWith("#") && !sets.contains(line))
				.forEach((line) -> (line.startsWith("@") ? sets : calls).add(line));
		}
		assertThat(calls).isNotEmpty();
		return calls;
	}

	/**
	 * Whether bwrap works is tried at the start, which takes mounts. Where those are
	 * refused it does not, and nothing else is different.
	 */
	private List<String> callsThatAreNotPermitted() throws IOException {
		Pattern trial = Pattern
			.compile("\\d+<bwrap>\\s+(<\\.\\.\\. )?(" + String.join("|", permitted("@mount")) + ")\\b.*");
		return Files.readAllLines(this.debian.root().resolve("tmp/calls"))
			.stream()
			.filter((line) -> !trial.matcher(line).matches())
			.toList();
	}

	private void anAbuserIsBlocked() {
		assertThat(status(STATISTICS)).isEqualTo("200");
		follow("/etc/hkp-gateway/blocked.yml\nchgrp");
		assertThat(status(STATISTICS)).isEqualTo("403");
		assertThat(this.debian.shell("/",
				act() + "echo 'hkp.plugins.settings.antiabuse.config.block: []' "
						+ "> /etc/hkp-gateway/blocked.yml; act -d '{\"action\":\"rescan\"}' $at"))
			.contains("\"outcome\":\"DONE\"");
		assertThat(status(STATISTICS)).isEqualTo("200");
	}

	private void aBanIsLifted() {
		this.debian.shell("/", "curl -s -Z -o /dev/null 'http://127.0.0.1:11371/none?[1-400]'");
		assertThat(status(STATISTICS)).isEqualTo("429");
		follow("-X DELETE");
		assertThat(status(STATISTICS)).isEqualTo("200");
	}

	private void aPluginIsUpgradedAndBroughtBack() {
		this.debian.shell(CHECKOUT,
				"sed -i 's/^version = .*/version = \"0.2.0\"/' plugins/antiabuse/target/dist/plugin.toml");
		Process load = this.debian.launch("/tmp", Map.of(),
				"while [ ! -e /tmp/enough ]; do curl -s -o /dev/null -w '%{http_code}\\n' '" + STATISTICS
						+ "' || echo lost; sleep 0.2; done",
				this.work.resolve("answers"));
		follow("/usr/lib/hkp-gateway/available/antiabuse-0.2.0\n");
		assertThat(plugin()).contains("\"version\":\"0.2.0\"");
		follow("ln -sfn ../available/antiabuse-0.1.0 /usr/lib/hkp-gateway/plugins/antiabuse\nact");
		assertThat(plugin()).doesNotContain("\"version\":\"0.2.0\"");
		this.debian.shell("/", ": > /tmp/enough");
		assertThat(load.onExit().orTimeout(1, TimeUnit.MINUTES).join().exitValue()).isZero();
		assertThat(this.work.resolve("answers")).content().matches("(200\n){5,}");
	}

	private void aPluginThatDiesAgainAndAgainIsSeen() {
		String home = "/usr/lib/hkp-gateway/available/antiabuse-0.1.0/";
		// A restart, because one that dies on trial gives way to its former version.
		this.debian.shell(home,
				act() + "cp -a hkp-plugin-antiabuse good; "
						+ "printf '#!/bin/sh\\necho out of luck >&2\\nexit 3\\n' > bad; chmod 755 bad; "
						+ "mv bad hkp-plugin-antiabuse; act -d '{\"action\":\"restart\"}' $at/antiabuse");
		followUntil("health/plugins/antiabuse");
		followUntil("api/v1/alerts");
		assertThat(plugin()).contains("out of luck");
		assertThat(status(STATISTICS)).isEqualTo("500");
		this.debian.shell(home, "mv good hkp-plugin-antiabuse");
		follow("{\"action\":\"restart\"}");
		assertThat(status(STATISTICS)).isEqualTo("200");
	}

	private String plugin() {
		return this.debian.shell("/", "curl -s http://127.0.0.1:11381/actuator/plugins/antiabuse");
	}

	private String status(String what) {
		String url = what.startsWith("http") ? "'" + what + "'" : what;
		return this.debian.shell("/", "curl -s -o /dev/null -w '%{http_code}' " + url);
	}

	private String text(String page, String language, String words) {
		try {
			String block = GuideBlocks.text(page, language, words);
			this.followed.add(block);
			return block.replace("192.0.2.7", "127.0.0.1");
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

	/** What each shell is told once. */
	private String act() {
		return text(PAGE, "sh", "act() {");
	}

	/** Runs a block of the operator guide. */
	private String guide(String words) {
		return this.debian.shell(CHECKOUT, text(GUIDE, "sh", words));
	}

	private void follow(String words) {
		String block = text(PAGE, "sh", words);
		String written = this.debian.shell(CHECKOUT, (block.contains("$at") ? act() : "") + block);
		EXPECTED.matcher(block)
			.results()
			.forEach((comment) -> assertThat(written).as(block).contains(comment.group(1)));
	}

	/** The same of commands that only look, until it is as the page says. */
	private void followUntil(String words) {
		until(() -> follow(words));
	}

	private void until(Runnable look) {
		Awaitility.await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
			try {
				look.run();
			}
			catch (AssertionError ex) {
				throw new AssertionError(ex.getMessage() + "\n" + Files.readString(this.log), ex);
			}
		});
	}

	/** SIGTERM for the main process alone, as KillMode=mixed says. */
	private static int stop(Process gateway) {
		gateway.descendants()
			.filter((process) -> process.info().commandLine().orElse("").contains("/hkp-gateway.jar"))
			.filter((process) -> process.info().command().orElse("").endsWith("java"))
			.forEach(ProcessHandle::destroy);
		return gateway.onExit().orTimeout(90, TimeUnit.SECONDS).join().exitValue();
	}

}
