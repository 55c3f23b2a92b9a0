package org.hkpgateway.config;

import org.hkpgateway.actuate.RedisHealthIndicator;
import org.hkpgateway.actuate.RedisMetrics;
import org.hkpgateway.config.HkpProperties.Redis.OnFailure;
import org.hkpgateway.state.RedisLink;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * The connection to Redis, where it is configured. Without it not even the classes are
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

	/** An empty URL means none. */
	static final class OnUrl implements Condition {

		@Override
		public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
			return !context.getEnvironment().getProperty("hkp.cluster.redis.url", "").isEmpty();
		}

	}

}
