package org.hkpgateway.config;

import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.actuate.EventMetrics;
import org.hkpgateway.actuate.RedisHealthIndicator;
import org.hkpgateway.actuate.RedisMetrics;
import org.hkpgateway.config.HkpProperties.Redis.OnFailure;
import org.hkpgateway.events.ClusterEvents;
import org.hkpgateway.events.ClusterTransport;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.state.RedisChannel;
import org.hkpgateway.state.RedisLink;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * What goes through Redis, where it is configured. Without it not even the classes are
 * loaded.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(RedisConfiguration.OnUrl.class)
class RedisConfiguration {

	@Bean
	RedisLink redisLink(HkpProperties properties) {
		HkpProperties.Redis redis = properties.cluster().redis();
		return new RedisLink(redis.address(), consequence(redis.onFailure()));
	}

	private static String consequence(OnFailure choice) {
		return switch (choice) {
			case LOCAL -> "until it is back this gateway keeps the state of plugins by itself";
			case FAIL -> "until it is back plugins are told UNAVAILABLE";
		};
	}

	@Bean
	RedisHealthIndicator redisHealthIndicator(RedisLink redis) {
		return new RedisHealthIndicator(redis::status);
	}

	@Bean
	RedisMetrics redisMetrics(RedisLink redis) {
		return new RedisMetrics(redis::status);
	}

	@Bean
	ClusterEvents clusterEvents(EventBus bus, EventMetrics metrics) {
		metrics.showCluster();
		return new ClusterEvents(bus, metrics);
	}

	@Bean
	RedisChannel redisChannel(RedisLink redis, ClusterEvents events) {
		RedisChannel channel = new RedisChannel(redis, new RedisChannel.Listener() {

			@Override
			public void received(byte[] message) {
				events.received(message);
			}

			@Override
			public void joined() {
				events.joined();
			}

		});
		events.sendThrough(new ClusterTransport() {

			@Override
			public boolean isReady() {
				return channel.isReady();
			}

			@Override
			public Mono<Void> send(byte[] message) {
				return channel.send(message);
			}

		});
		return channel;
	}

	@Bean
	MeterBinder redisChannelJoined(RedisChannel channel) {
		return (registry) -> EventMetrics.bindJoined(registry, channel::isJoined);
	}

	/** An empty URL means none. */
	static final class OnUrl implements Condition {

		@Override
		public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
			return !context.getEnvironment().getProperty("hkp.cluster.redis.url", "").isEmpty();
		}

	}

}
