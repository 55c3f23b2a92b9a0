package org.hkpgateway.config;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What is to be seen of the log beside the log.
 */
@Configuration(proxyBeanMethods = false)
class LoggingConfiguration {

	@Bean
	MeterBinder droppedLogLines() {
		return (registry) -> FunctionCounter
			.builder("hkp.log.dropped", LoggingConfiguration.class, (type) -> QueuedLogging.dropped())
			.description("Log lines that were not written, because the log was not read or written fast enough")
			.register(registry);
	}

}
