package org.hkpgateway.testsupport;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;

import org.openqa.selenium.By;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

import static org.awaitility.Awaitility.await;

/**
 * Chromium without a window, with a profile of its own. A test that needs it is skipped
 * where it is missing.
 */
public final class Browser implements AutoCloseable {

	private final Path profile = TemporaryDirectory.create("br");

	private final ChromeDriver driver;

	private Browser(ChromeOptions options) {
		options.addArguments("--user-data-dir=" + this.profile);
		this.driver = new ChromeDriver(options);
	}

	/** Starts it. */
	public static Browser start() {
		Path chromium = Requirements.program("chromium");
		// Else it is looked for on the Internet.
		System.setProperty("webdriver.chrome.driver", Requirements.program("chromedriver").toString());
		ChromeOptions options = new ChromeOptions();
		options.setBinary(chromium.toFile());
		options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
				"--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars");
		LoggingPreferences logs = new LoggingPreferences();
		logs.enable(LogType.BROWSER, Level.ALL);
		options.setCapability("goog:loggingPrefs", logs);
		return new Browser(options);
	}

	public ChromeDriver driver() {
		return this.driver;
	}

	/** What the page's own console and its policies have said since the last call. */
	public List<String> complaints() {
		return this.driver.manage().logs().get(LogType.BROWSER).getAll().stream().map(LogEntry::getMessage).toList();
	}

	/**
	 * Sets how wide the page is, and what the system prefers.
	 * @param width in pixels
	 * @param height in pixels
	 * @param scheme {@code light} or {@code dark}
	 */
	public void look(int width, int height, String scheme) {
		this.driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
		this.driver.executeCdpCommand("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
	}

	/** A picture of what is seen of the page, as PNG. */
	public byte[] picture() {
		Map<String, Object> picture = this.driver.executeCdpCommand("Page.captureScreenshot",
				Map.of("format", "png", "captureBeyondViewport", false));
		return Base64.getDecoder().decode(String.valueOf(picture.get("data")));
	}

	public WebElement find(String selector) {
		return this.driver.findElement(By.cssSelector(selector));
	}

	public List<WebElement> all(String selector) {
		return this.driver.findElements(By.cssSelector(selector));
	}

	/** The text that a reader sees of an element. */
	public String text(String selector) {
		return find(selector).getText();
	}

	public Object script(String script, Object... arguments) {
		return this.driver.executeScript(script, arguments);
	}

	/** Waits until something holds of a page that changes meanwhile. */
	public void until(String what, Callable<Boolean> condition) {
		await(what).pollInterval(Duration.ofMillis(100))
			.ignoreException(StaleElementReferenceException.class)
			.ignoreException(NoSuchElementException.class)
			.until(condition);
	}

	@Override
	public void close() {
		this.driver.quit();
		TemporaryDirectory.delete(this.profile);
	}

}
