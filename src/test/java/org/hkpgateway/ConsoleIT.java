package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.awaitility.Awaitility;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Browser;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The console as an operator sees it, in a real browser.
 */
@Timeout(180)
class ConsoleIT {

	/** Would run, were it ever taken for markup. */
	private static final String ATTACK = "<img src=x onerror=document.title='owned'>";

	private static GatewayProcess gateway;

	private static Browser browser;

	@BeforeAll
	static void start(@TempDir Path plugins) throws IOException {
		browser = Browser.start();
		FakePluginProgram.installAs(plugins, "first", "CONTINUES", "HEALTHY");
		FakePluginProgram.installAs(plugins, "guard", "DENIES_WITH_PATH", "HEALTHY");
		FakePluginProgram.installAs(plugins, "a-shadow", "DENIES", "HEALTHY");
		FakePluginProgram.script(plugins.resolve("guard"), "echo \"[WARN] " + ATTACK + "\" >&2");
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.directories=" + plugins + "," + GatewayProcess.ANTIABUSE,
						"hkp.client-address.trusted-proxies=127.0.0.1", "hkp.plugins.chain-budget=20s"));
		List<String> order = List.of("first", "antiabuse", "guard", "a-shadow");
		for (String name : order) {
			String settings = "hkp.plugins.settings." + name;
			properties.add(settings + ".order=" + (order.indexOf(name) + 1) * 10);
			properties.add(settings + ".timeout=10s");
			properties.add(settings + ".required=true");
		}
		properties.add("hkp.plugins.settings.guard.match.paths=/guard/**");
		properties.add("hkp.plugins.settings.a-shadow.mode=shadow");
		properties.add("hkp.plugins.settings.antiabuse.grants=http.request,http.respond,state");
		properties.add("hkp.plugins.settings.antiabuse.config.threshold=3");
		properties.add("hkp.plugins.settings.antiabuse.config.window=1m");
		properties.add("hkp.plugins.settings.antiabuse.config.block_steps=1h");
		properties.add("hkp.plugins.settings.antiabuse.config.aggregate=198.51.100.0/24");
		gateway = GatewayProcess.start(properties.toArray(String[]::new));
	}

	@AfterAll
	static void stop() {
		try {
			if (browser != null) {
				browser.close();
			}
		}
		finally {
			if (gateway != null) {
				gateway.close();
			}
		}
	}

	@BeforeEach
	void open() {
		browser.look(1280, 900, "light");
		reload();
	}

	@AfterEach
	void nothingIsComplainedOf() {
		browser.script("sessionStorage.clear(); localStorage.clear()");
		assertThat(browser.complaints()).isEmpty();
		assertThat(browser.driver().getTitle()).doesNotContain("owned");
	}

	@Test
	void showsTheChainInOrder() {
		assertThat(browser.all(".plugin h3").stream().map(WebElement::getText)).containsExactly("first", "antiabuse",
				"guard", "a-shadow");
		assertThat(browser.text("[data-plugin=antiabuse] .state")).contains("READY");
		assertThat(browser.text("[data-plugin=a-shadow] .who")).contains("shadow");
		assertThat(browser.text("[data-plugin=first] .f-breaker")).contains("closed");
		await("the verdict", "#verdict-headline", "All 4 plugins work");
		ask("192.0.2.50", "/pks/stats");
		browser.until("a rate, and times",
				() -> !browser.text("[data-plugin=first] .v-rate").equals("0/s")
						&& browser.text("[data-plugin=first] .v-p99").endsWith(" ms")
						&& browser.text("[data-plugin=a-shadow] .v-p50").endsWith(" ms"));
		assertThat(browser.text("[data-plugin=guard] .v-rate")).isEqualTo("0/s");
		browser.until("a line of the last seconds",
				() -> browser.find("[data-plugin=first] polyline").getAttribute("points").split(" ").length > 2);
	}

	@Test
	void tellsAtOnceOfAPluginThatDies() {
		long pid = gateway.pluginPid("first");
		SystemProcesses.signal(pid, "KILL");
		await("the move", "#lines", "READY -> BACKOFF");
		gateway.otherPluginPid("first", pid);
		browser.until("that it is back", () -> browser.text("[data-plugin=first] .state").contains("READY")
				&& !browser.text("[data-plugin=first] .v-restarts").equals("0"));
	}

	@Test
	void aDisabledPluginLooksDifferentAndComesBack() {
		unlock(token());
		press("[data-plugin=a-shadow] .actions button:last-child");
		assertThat(browser.text("#confirm-title")).isEqualTo("Disable a-shadow?");
		press("#confirm-yes");
		await("the state", "[data-plugin=a-shadow] .state", "DISABLED");
		await("the message", "#message", "Disable a-shadow: DONE");
		press("[data-plugin=a-shadow] .actions button:last-child");
		await("the state", "[data-plugin=a-shadow] .state", "READY");
	}

	@Test
	void aBlockShowsAndIsLiftedByWhoHasTheToken() {
		for (int i = 0; i < 5; i++) {
			ask("192.0.2.77", "/pks/lookup?op=index&search=a" + i);
		}
		await("the refusal", "#decisions", "192.0.2.77");
		assertThat(browser.text("#decisions")).contains("antiabuse", "429", "GET lookup index");
		await("the ban", "#bans", "192.0.2.77");
		assertThat(browser.text("#bans")).contains("3 requests in 60 s, block 1", "antiabuse · ends in ");
		assertThat(browser.find("#bans button").isDisplayed()).isFalse();
		assertThat(browser.driver()
			.executeAsyncScript("fetch('plugins/antiabuse/state?key=192.0.2.77', { method: 'DELETE' })"
					+ ".then((answer) => arguments[0](answer.status))"))
			.isEqualTo(401L);
		assertThat(browser.complaints()).hasSize(1);

		unlock("wrong");
		await("the refusal of a wrong token", "#message", "Token: refused");
		assertThat(browser.find("#bans button").isDisplayed()).isFalse();
		assertThat(browser.complaints()).hasSize(1);
		assertThat(status("192.0.2.77")).isEqualTo(429);

		unlock(token());
		press("#bans [data-id='antiabuse 192.0.2.77'] button");
		await("the message", "#message", "Lift the ban of 192.0.2.77: done");
		assertThat(browser.text("#bans")).doesNotContain("192.0.2.77");
		assertThat(status("192.0.2.77")).isNotEqualTo(429);
	}

	@Test
	void aBlockOfAddressesThatAreOneClientShowsByItsName() {
		for (int i = 1; i <= 5; i++) {
			ask("198.51.100." + i, "/pks/lookup?op=index&search=c" + i);
		}
		await("the ban", "#bans [data-id='antiabuse aggregate']", "3 requests in 60 s, block 1");
	}

	@Test
	void bansThatCannotBeReadAreNotNone() {
		for (int i = 0; i < 5; i++) {
			ask("192.0.2.78", "/pks/lookup?op=index&search=b" + i);
		}
		await("the ban", "#bans", "192.0.2.78");
		answerForState(503, "{\"message\":\"the store is away\"}");
		await("what is said of it", "#bans-unread", "Bans cannot be read: antiabuse: the store is away");
		assertThat(browser.text("#bans")).contains("192.0.2.78");

		answerForState(200, "{\"keys\":1500,\"bytes\":1,\"entries\":[]}");
		await("that others may be there", "#ban-count", "of antiabuse only the first 1000 keys are seen");
		assertThat(browser.text("#no-bans")).isEqualTo("No ban among these keys.");
		assertThat(browser.find("#bans-unread").isDisplayed()).isFalse();

		answerForState(401, "");
		await("what is said of it", "#bans-unread", "Bans cannot be read: antiabuse: a credential is needed");
		assertThat(browser.find("#no-bans").isDisplayed()).isFalse();
	}

	/** In place of the gateway, until the page is loaded anew. */
	private static void answerForState(int status, String body) {
		browser.script(
				"window.realFetch ??= window.fetch; const [status, body] = arguments;"
						+ "window.fetch = (url, options) => String(url).endsWith('/state')"
						+ " ? Promise.resolve(new Response(body, { status })) : window.realFetch(url, options)",
				status, body);
	}

	@Test
	void aUserAndPasswordUnlockAsATokenDoesAndAPluginThatFailsIsToldOf(@TempDir Path plugins) throws IOException {
		FakePluginProgram.installAs(plugins, "gone", "CONTINUES", "HEALTHY");
		FakePluginProgram.script(plugins.resolve("gone"), "echo 'no rules' >&2; exit 3");
		try (GatewayProcess other = GatewayProcess.start("hkp.plugins.directories=" + plugins,
				"hkp.management.user=operator", "hkp.management.password=key: a ring of brass")) {
			load(other);
			// Four times, for 1 to 8 seconds, or the last of them.
			browser.until("the verdict while it is started again, or when that has ended",
					() -> browser.text("[data-plugin=gone] .state").contains("FAILED")
							|| (browser.text("[data-plugin=gone] .state").contains("RESTARTING")
									&& browser.text("#verdict-headline").equals("Degraded")));
			await("the end", "[data-plugin=gone] .state", "FAILED");
			await("the verdict", "#verdict-headline", "Failed");
			assertThat(browser.text("#verdict-problems"))
				.isEqualTo("gone: FAILED. Requests that it should see get 500 (fail: closed)");
			assertThat(browser.text("[data-plugin=gone] .trouble")).contains("exit code 3", "no rules");
			fill("#user", "operator");
			fill("#token", "key: wrong");
			press("#sign-in button");
			await("the refusal of a wrong password", "#message", "Password: refused");
			assertThat(browser.complaints()).hasSize(1);
			fill("#token", "key: a ring of brass");
			press("#sign-in button");
			await("the message", "#message", "Password accepted");
			press("#rescan");
			await("the message", "#message", "Configuration applied");
			other.awaitLog("hkp.audit", "operator");
			browser.driver().navigate().refresh();
			await("that this tab remembers", "#message", "Password accepted");
			reload();
		}
	}

	/** The page asks every few seconds, and each wrong one counts. */
	@Test
	void aPasswordThatIsRefusedIsNotSentAgain() {
		browser.script("window.sent = []; const real = window.fetch; window.fetch = (url, options) => {"
				+ "if (String(url).endsWith('/token')) return Promise.resolve(new Response('', { status: 429 }));"
				+ "window.sent.push(options.headers.Authorization ?? 'none'); return real(url, options) }");
		fill("#user", "operator");
		fill("#token", "one of many that are wrong");
		press("#sign-in button");
		await("what is said of it", "#message", "Password: too many wrong ones");
		browser.script("window.sent.length = 0");
		browser.until("more questions", () -> ((List<?>) browser.script("return window.sent")).size() > 1);
		assertThat((List<?>) browser.script("return window.sent")).allMatch("none"::equals);
	}

	/** READY, its breaker closed, and not in the chain. */
	@Test
	void aPluginThatIsNotCalledIsNotSaidToWork(@TempDir Path plugins) throws IOException {
		FakePluginProgram.installSpeaking(plugins, "left-out", "CONTINUES", false,
				"capabilities = [\"http.request\", \"http.respond\"]");
		try (GatewayProcess other = GatewayProcess.start("hkp.plugins.directories=" + plugins,
				"hkp.plugins.settings.left-out.grants=http.respond", "hkp.health.proof-of-call=1s")) {
			other.pluginPid("left-out");
			load(other);
			browser.until("the report", () -> {
				status(other, "192.0.2.63", "/pks/stats");
				return browser.text("[data-plugin=left-out] .state").contains("NOT CALLED");
			});
			await("the verdict", "#verdict-headline", "Failed");
			// It is read out whenever it changes, so it does not count.
			assertThat(browser.text("#verdict-problems"))
				.isEqualTo("left-out: NOT CALLED. Requests came, and no call got to it");
			assertThat(browser.text("[data-plugin=left-out] .why")).contains("it is not in the chain");
			assertThat(other.actuator("plugins/left-out").path("notCalled").asString(""))
				.contains("it is not in the chain");
			reload();
		}
	}

	@Test
	void withoutAConnectionNothingIsSaidToWork(@TempDir Path plugins) throws IOException {
		FakePluginProgram.installAs(plugins, "guard", "DENIES_WITH_PATH", "HEALTHY");
		List<String> settings = List.of("hkp.plugins.directories=" + plugins, "hkp.plugins.chain-budget=20s",
				"hkp.plugins.settings.guard.timeout=10s", "hkp.plugins.settings.guard.required=true");
		int port;
		try (GatewayProcess first = GatewayProcess.start(settings.toArray(String[]::new))) {
			port = first.managementPort();
			load(first);
			await("the verdict", "#verdict-headline", "The plugin works");
			status(first, "192.0.2.64", "/before");
			await("the refusal", "#decisions", "/before");
			press("#pause");
		}
		await("what is said of it", "#verdict-headline", "No connection: the state is not known");
		assertThat(browser.find("#verdict").getDomAttribute("data-tone")).isEqualTo("wait");
		assertThat(browser.driver().getTitle()).startsWith("No connection: ");
		List<String> again = new ArrayList<>(settings);
		again.add("management.server.port=" + port);
		try (GatewayProcess second = GatewayProcess.start(again.toArray(String[]::new))) {
			// It asks again after 10 s at most.
			Awaitility.await("the return")
				.atMost(Duration.ofMinutes(1))
				.until(() -> browser.text("#verdict-headline").equals("The plugin works"));
			assertThat(browser.text("#live-text")).startsWith("Paused at ");
			assertThat(browser.text("#decisions")).as("what was there when the page was paused").contains("/before");
			press("#pause");
			browser.until("those of this gateway alone", () -> !browser.text("#decisions").contains("/before"));
			status(second, "192.0.2.64", "/after");
			await("the refusal", "#decisions", "/after");
			reload();
		}
		assertThat(browser.complaints()).isNotEmpty().allMatch((line) -> line.contains(":" + port + "/"));
	}

	@Test
	void pagesOfOtherSitesDoNotTakeThePlacesOfViewers() throws IOException {
		String request = "GET /actuator/console/stream HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
				+ "Connection: close\r\n\r\n";
		assertThat(RawClient.exchange(gateway.managementPort(), request).status()).isEqualTo(403);
	}

	@Test
	void explains() {
		unlock(token());
		fill("#explain-target", "/guard/" + "%3Cimg%20src=x%3E");
		press("#explain button");
		await("the explanation", "#explanation h3", "It would be answered with 403");
		assertThat(browser.text("#explanation .asked")).contains("guard", "respond", "/guard/<img src=x>");
		fill("#explain-client", "nowhere");
		press("#explain button");
		await("what is wrong", "#explanation .note", "client: expected: an IP address");
		assertThat(browser.complaints()).hasSize(1);
	}

	@Test
	void whatOthersSayIsTextWhateverItIs() {
		ask("192.0.2.60", "/guard/" + ATTACK.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20"));
		await("the reason", "#decisions", "/guard/" + ATTACK);
		assertThat(browser.text("#decisions .id")).as("under which it is in the access log").matches("[0-9a-f]{16}");
		await("the line", "#lines", ATTACK);
		assertThat(browser.all("img, script:not([src]), [onerror]")).isEmpty();
	}

	/** From the first Tab to a change, without a mouse. */
	@Test
	void theKeyboardIsEnough() {
		browser.script("document.activeElement.blur()");
		List<String> passed = new ArrayList<>();
		while (!"token".equals(active().getAttribute("id"))) {
			tab();
			assertThat(passed).as("the way to the token").hasSizeLessThan(6);
			passed.add(active().getText());
			assertThat(browser.script("return getComputedStyle(document.activeElement).outlineStyle"))
				.as("that the focus on " + passed + " is seen")
				.isNotEqualTo("none");
		}
		assertThat(passed).startsWith("Skip to the chain", "Pause", "Dark");
		active().sendKeys(token(), Keys.ENTER);
		await("the message", "#message", "Token accepted");
		assertThat(active().getText()).isEqualTo("Chain");
		for (int i = 0; i < 3 && !"Restart first".equals(active().getAttribute("aria-label")); i++) {
			tab();
		}
		active().sendKeys(Keys.ENTER);
		assertThat(active().getText()).isEqualTo("Cancel");
		active().sendKeys(Keys.ESCAPE);
		browser.until("the way back to the button", () -> "Restart first".equals(active().getAttribute("aria-label")));
		active().sendKeys(Keys.ENTER);
		tab();
		assertThat(active().getText()).isEqualTo("Restart");
		active().sendKeys(Keys.ENTER);
		await("the message", "#message", "Restart first: DONE");
	}

	@Test
	void aPluginIsReloadedAndItsModeChanged() {
		unlock(token());
		press("[data-plugin=a-shadow] .actions button:nth-child(3)");
		assertThat(browser.text("#confirm-title")).isEqualTo("Enforce: a-shadow?");
		press("#confirm-yes");
		await("the message", "#message", "Enforce a-shadow: DONE");
		browser.until("that it enforces", () -> !browser.find("[data-plugin=a-shadow] .tag").isDisplayed());
		press("[data-plugin=a-shadow] .actions button:nth-child(3)");
		assertThat(browser.text("#confirm-title")).isEqualTo("To shadow mode: a-shadow?");
		press("#confirm-yes");
		await("the message", "#message", "Shadow a-shadow: DONE");
		browser.until("that it does not", () -> browser.find("[data-plugin=a-shadow] .tag").isDisplayed());
		long pid = gateway.pluginPid("guard");
		press("[data-plugin=guard] .actions button:first-child");
		await("the message", "#message", "Reload guard: DONE");
		assertThat(gateway.pluginPid("guard")).isNotEqualTo(pid);
	}

	@Test
	void aPauseHoldsTheListsAndForgetsNothing() {
		press("#pause");
		ask("192.0.2.61", "/guard/while-paused");
		gateway.awaitLog("/guard/while-paused");
		await("what is said of it", "#live-text", "Paused at");
		assertThat(browser.text("#decisions")).doesNotContain("while-paused");
		press("#pause");
		await("the refusal", "#decisions", "/guard/while-paused");
	}

	@ParameterizedTest
	@ValueSource(strings = { "light", "dark" })
	void everyoneCanReadIt(String scheme) {
		browser.look(1280, 900, scheme);
		unlock(token());
		ask("192.0.2.62", "/guard/contrast");
		await("the refusal", "#decisions", "/guard/contrast");
		assertThat(browser.script("return getComputedStyle(document.body).backgroundColor"))
			.isEqualTo(scheme.equals("dark") ? "rgb(18, 21, 26)" : "rgb(245, 246, 248)");
		assertThat(findings()).isEmpty();
		assertThat(browser.script("return document.querySelector('table').closest('.scroll').scrollWidth"))
			.as("the width of the table, which nobody has to move sideways")
			.isEqualTo(browser.script("return document.querySelector('table').closest('.scroll').clientWidth"));
		for (int width : new int[] { 1280, 800, 390 }) {
			browser.look(width, 844, scheme);
			assertThat(browser.script("return document.documentElement.scrollWidth"))
				.as("the width of all there is at " + width)
				.isEqualTo((long) width);
		}
		press("#theme");
		assertThat(browser.script("return getComputedStyle(document.body).backgroundColor"))
			.isEqualTo(scheme.equals("dark") ? "rgb(245, 246, 248)" : "rgb(18, 21, 26)");
		assertThat(findings()).isEmpty();
	}

	private static List<?> findings() {
		return (List<?>) browser.script(ConsoleAudit.SCRIPT);
	}

	private static void reload() {
		load(gateway);
	}

	private static void load(GatewayProcess from) {
		browser.driver().get("http://127.0.0.1:" + from.managementPort() + "/actuator/console");
		await("the stream", "#live-text", "Live");
	}

	private static String token() {
		try {
			return Files.readString(gateway.runtime().resolve("management-token")).strip();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void unlock(String token) {
		fill("#token", token);
		press("#sign-in button");
		if (token.equals(token())) {
			await("the message", "#message", "Token accepted");
		}
	}

	private static void fill(String selector, String text) {
		browser.find(selector).clear();
		browser.find(selector).sendKeys(text);
	}

	private static void press(String selector) {
		browser.until("a button " + selector, () -> browser.find(selector).isDisplayed());
		browser.find(selector).click();
	}

	private static void tab() {
		active().sendKeys(Keys.TAB);
	}

	private static WebElement active() {
		return browser.driver().switchTo().activeElement();
	}

	private static void await(String what, String selector, String text) {
		browser.until(what + ": " + text, () -> browser.text(selector).contains(text));
	}

	private static void ask(String client, String target) {
		status(client, target);
	}

	private static int status(String client) {
		return status(client, "/pks/stats");
	}

	private static int status(String client, String target) {
		return status(gateway, client, target);
	}

	private static int status(GatewayProcess asked, String client, String target) {
		try {
			return RawClient
				.exchange(asked.port(),
						"GET " + target + " HTTP/1.0\r\nHost: keys\r\nX-Forwarded-For: " + client + "\r\n\r\n")
				.status();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
