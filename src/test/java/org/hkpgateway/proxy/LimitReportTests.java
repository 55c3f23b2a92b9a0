package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class LimitReportTests {

	private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.66", 4711);

	private final Logger logger = (Logger) LoggerFactory.getLogger(LimitReport.class);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private final TestListener listener = new TestListener();

	private long now = Long.MAX_VALUE;

	@BeforeEach
	void listen() {
		this.log.start();
		this.logger.addAppender(this.log);
	}

	@AfterEach
	void stop() {
		this.logger.detachAppender(this.log);
	}

	@Test
	void allAreCountedAndTheLogIsNotFlooded() {
		LimitReport report = report(ClientAddressSettings.Log.FULL);
		for (int i = 0; i < 1000; i++) {
			report.reached(EdgeLimit.MAX_CONNECTIONS, CLIENT);
		}
		report.reached(EdgeLimit.IDLE_TIMEOUT, CLIENT);
		this.now += TimeUnit.SECONDS.toNanos(10);
		report.reached(EdgeLimit.MAX_CONNECTIONS, CLIENT);
		assertThat(this.listener.limits).hasSize(1002);
		assertThat(this.log.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly("hkp.edge.max-connections reached by 192.0.2.66: connection refused",
					"hkp.edge.idle-timeout reached by 192.0.2.66: connection closed",
					"hkp.edge.max-connections reached by 192.0.2.66: connection refused; "
							+ "999 more since the last such line");
	}

	@Test
	void limitsWithoutAKeyHaveANameAndHostsAreOnlyCounted() {
		LimitReport report = report(ClientAddressSettings.Log.FULL);
		report.reached(EdgeLimit.HTTP2_RESETS, CLIENT);
		report.reached(EdgeLimit.ALLOWED_HOSTS, CLIENT);
		assertThat(this.listener.limits).hasSize(2);
		assertThat(this.log.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly("Limit http2-resets reached by 192.0.2.66: connection closed");
	}

	@Test
	void addressesAreShownAsConfigured() {
		report(ClientAddressSettings.Log.TRUNCATED).reached(EdgeLimit.MIN_BODY_RATE, CLIENT);
		report(ClientAddressSettings.Log.NONE).reached(EdgeLimit.MIN_BODY_RATE, CLIENT);
		report(ClientAddressSettings.Log.FULL).reached(EdgeLimit.MIN_BODY_RATE, null);
		assertThat(this.log.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactly("hkp.edge.min-body-rate reached by 192.0.2.0/24: request refused",
					"hkp.edge.min-body-rate reached by -: request refused",
					"hkp.edge.min-body-rate reached by -: request refused");
	}

	private LimitReport report(ClientAddressSettings.Log addresses) {
		return new LimitReport(this.listener, addresses, () -> this.now);
	}

}
