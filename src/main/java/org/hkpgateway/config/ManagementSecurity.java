package org.hkpgateway.config;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.SecurityWebFiltersOrder;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.ServerAuthenticationEntryPoint;
import org.springframework.security.web.server.authentication.AuthenticationWebFilter;
import org.springframework.security.web.server.authentication.ServerAuthenticationEntryPointFailureHandler;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import org.springframework.security.web.server.util.matcher.NegatedServerWebExchangeMatcher;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatcher;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatchers;
import org.springframework.web.server.ServerWebExchange;

/**
 * Who may do what on the management port: everybody on loopback may read, changes need
 * the token. The public port does not pass through here, see
 * {@link GatewayConfiguration}.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
class ManagementSecurity {

	private static final Logger logger = LoggerFactory.getLogger(ManagementSecurity.class);

	private static final String SCHEME = "Bearer ";

	/** Nobody is asked who he is, so a wrong token is no reason to refuse one. */
	private static final ServerWebExchangeMatcher READS = ServerWebExchangeMatchers.matchers(
			ServerWebExchangeMatchers.pathMatchers(HttpMethod.GET, "/**"),
			ServerWebExchangeMatchers.pathMatchers(HttpMethod.HEAD, "/**"));

	/**
	 * After the launcher, which refuses a runtime directory that another gateway uses.
	 */
	@Bean
	@DependsOn("pluginLauncher")
	ManagementToken managementToken(HkpProperties properties) {
		ManagementToken token = ManagementToken.create(properties.plugins().runtimeDirectory());
		logger.info("Changes through the management port need the token in {}: Authorization: Bearer <token>",
				token.file());
		return token;
	}

	@Bean
	ReactiveAuthenticationManager managementAuthentication(ManagementToken token) {
		return (presented) -> token.matches(String.valueOf(presented.getCredentials()))
				? Mono.just(new UsernamePasswordAuthenticationToken("operator", null,
						AuthorityUtils.createAuthorityList("ROLE_OPERATOR")))
				: Mono.error(new BadCredentialsException("wrong token"));
	}

	@Bean
	SecurityWebFilterChain managementFilterChain(ServerHttpSecurity http, ReactiveAuthenticationManager manager) {
		ServerAuthenticationEntryPoint refusal = ManagementSecurity::refuse;
		AuthenticationWebFilter bearer = new AuthenticationWebFilter(manager);
		bearer.setRequiresAuthenticationMatcher(new NegatedServerWebExchangeMatcher(READS));
		bearer.setServerAuthenticationConverter(ManagementSecurity::presented);
		bearer.setAuthenticationFailureHandler(new ServerAuthenticationEntryPointFailureHandler(refusal));
		return http
			// No cookie ever authenticates anybody, so there is nothing to forge.
			.csrf(ServerHttpSecurity.CsrfSpec::disable)
			.httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
			.formLogin(ServerHttpSecurity.FormLoginSpec::disable)
			.logout(ServerHttpSecurity.LogoutSpec::disable)
			.securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
			.addFilterAt(bearer, SecurityWebFiltersOrder.AUTHENTICATION)
			.exceptionHandling((handling) -> handling.authenticationEntryPoint(refusal))
			.authorizeExchange((exchange) -> exchange.matchers(READS).permitAll().anyExchange().authenticated())
			.build();
	}

	private static Mono<Authentication> presented(ServerWebExchange exchange) {
		String header = exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
		if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
			return Mono.empty();
		}
		return Mono
			.just(new UsernamePasswordAuthenticationToken("operator", header.substring(SCHEME.length()).strip()));
	}

	private static Mono<Void> refuse(ServerWebExchange exchange, Exception reason) {
		exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
		exchange.getResponse().getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"hkp-gateway\"");
		return exchange.getResponse().setComplete();
	}

}
