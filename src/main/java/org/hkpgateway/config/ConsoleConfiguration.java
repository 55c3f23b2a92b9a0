package org.hkpgateway.config;

import org.hkpgateway.actuate.PluginsEndpoint;
import org.hkpgateway.actuate.console.CallTimes;
import org.hkpgateway.actuate.console.ConsoleFeed;
import org.hkpgateway.actuate.console.ConsoleHandler;
import org.hkpgateway.actuate.console.PluginLines;
import org.hkpgateway.actuate.console.RecentDecisions;
import org.hkpgateway.process.PluginOutput;
import org.hkpgateway.proxy.PublicServer;

import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * The console, and what remembers for it.
 */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration {

	@Bean
	CallTimes callTimes() {
		return new CallTimes();
	}

	@Bean
	RecentDecisions recentDecisions() {
		return new RecentDecisions();
	}

	@Bean
	PluginLines pluginLines() {
		return new PluginLines(PluginOutput.toLog());
	}

	@Bean
	ConsoleFeed consoleFeed(GatewayVersion version, PluginsEndpoint plugins, PublicServer server, CallTimes calls,
			RecentDecisions decisions, PluginLines lines) {
		return new ConsoleFeed(
				new ConsoleFeed.Sources(version.text(), plugins::plugins, server::upstreams, calls, decisions, lines));
	}

	/** Of the management port alone, as that of explain. */
	@Bean
	RouterFunction<ServerResponse> consoleRoutes(ConsoleFeed feed, WebEndpointProperties endpoints) {
		return new ConsoleHandler(feed, ManagementRequestCheck::isOwn).routes(endpoints.getBasePath());
	}

}
