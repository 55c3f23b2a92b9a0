package org.hkpgateway.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;

import org.hkpgateway.actuate.AuditEntry;
import org.hkpgateway.actuate.AuditLog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.EndpointRequest;
import org.springframework.boot.web.server.Ssl;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.SecurityWebFiltersOrder;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.WebFilterExchange;
import org.springframework.security.web.server.authentication.AuthenticationWebFilter;
import org.springframework.security.web.server.authentication.ServerHttpBasicAuthenticationConverter;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import org.springframework.security.web.server.util.matcher.AndServerWebExchangeMatcher;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatcher;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatchers;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * Who may do what on the management port: everybody may read health and the empty page of
 * the console; on loopback everybody may read everything; what else there is to read, and
 * every change, needs a credential. The public port does not pass through here, see
 * {@link GatewayConfiguration}.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
class ManagementSecurity {

	private static final Logger logger = LoggerFactory.getLogger(ManagementSecurity.class);

	private static final String BEARER = "Bearer ";

	private static final String REALM = "realm=\"hkp-gateway\"";

	/** Somebody on loopback who has shown no credential. */
	private static final String READER = "ROLE_READER";

	private static final ServerWebExchangeMatcher READS = ServerWebExchangeMatchers.matchers(
			ServerWebExchangeMatchers.pathMatchers(HttpMethod.GET, "/**"),
			ServerWebExchangeMatchers.pathMatchers(HttpMethod.HEAD, "/**"));

	private static final ServerWebExchangeMatcher HEALTH = new AndServerWebExchangeMatcher(READS,
			EndpointRequest.to(HealthEndpoint.class));

	/**
	 * After the launcher, which refuses a runtime directory that another gateway uses.
	 */
	@Bean
	@DependsOn("pluginLauncher")
	ManagementCredentials managementCredentials(HkpProperties properties, ManagementServerProperties server) {
		ManagementAddress.check(server, properties.management());
		if (!properties.management().hasCredential()) {
			ManagementToken token = ManagementToken.create(properties.plugins().runtimeDirectory());
			logger.info("Changes through the management port need the token in {}: Authorization: Bearer <token>",
					token.file());
			return ManagementCredentials.of(token);
		}
		if (!ManagementAddress.isLoopback(server) && !Ssl.isEnabled(server.getSsl())) {
			logger.warn("Management is open beyond loopback without TLS: credentials pass in the clear. Set "
					+ "management.server.ssl.bundle, or let only trusted networks reach the port");
		}
		return ManagementCredentials.of(properties.management());
	}

	@Bean
	ManagementRequestCheck managementRequestCheck(HkpProperties properties) {
		return new ManagementRequestCheck(properties.management().allowedHosts());
	}

	@Bean
	AuditLog auditLog() {
		return new AuditLog();
	}

	@Bean
	SecurityWebFilterChain managementFilterChain(ServerHttpSecurity http, ManagementCredentials credentials,
			ManagementServerProperties server, WebEndpointProperties endpoints) {
		Door door = new Door(credentials, ManagementAddress.isLoopback(server));
		AuthenticationWebFilter authentication = new AuthenticationWebFilter(credentials);
		authentication.setServerAuthenticationConverter(door::presented);
		authentication.setAuthenticationSuccessHandler(Door::passed);
		authentication.setAuthenticationFailureHandler(door::failed);
		return http
			// No cookie ever authenticates anybody. Passwords that a browser adds by
			// itself are the matter of ManagementRequestCheck.
			.csrf(ServerHttpSecurity.CsrfSpec::disable)
			.httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
			.formLogin(ServerHttpSecurity.FormLoginSpec::disable)
			.logout(ServerHttpSecurity.LogoutSpec::disable)
			.securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
			.addFilterAt(authentication, SecurityWebFiltersOrder.AUTHENTICATION)
			.addFilterAfter(door::anonymous, SecurityWebFiltersOrder.AUTHENTICATION)
			.exceptionHandling((handling) -> handling.authenticationEntryPoint(door::refuse))
			.authorizeExchange((exchange) -> exchange.matchers(HEALTH, page(endpoints.getBasePath()))
				.permitAll()
				.matchers(READS)
				.hasAnyAuthority(READER, ManagementCredentials.OPERATOR)
				.anyExchange()
				.hasAuthority(ManagementCredentials.OPERATOR))
			.build();
	}

	/**
	 * The page of the console, which says nothing of this gateway: a browser cannot show
	 * a token before it has the page that asks for it.
	 */
	private static ServerWebExchangeMatcher page(String base) {
		return new AndServerWebExchangeMatcher(READS, ServerWebExchangeMatchers.pathMatchers(base + "/console",
				base + "/console/*.js", base + "/console/*.css"));
	}

	/**
	 * Lets in and turns away.
	 *
	 * @param credentials what can be shown
	 * @param onLoopback whether the port is bound to loopback
	 */
	private record Door(ManagementCredentials credentials, boolean onLoopback) {

		Mono<Authentication> presented(ServerWebExchange exchange) {
			String header = exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
			if (header == null) {
				return Mono.empty();
			}
			if (header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
				return Mono.just(new PresentedToken(header.substring(BEARER.length()).strip()));
			}
			return new ServerHttpBasicAuthenticationConverter().convert(exchange)
				.filter((basic) -> peer(exchange) != null)
				.doOnNext((basic) -> {
					((AbstractAuthenticationToken) basic).setDetails(peer(exchange));
					AuditEntry.of(exchange).claims(basic.getName());
				});
		}

		static Mono<Void> passed(WebFilterExchange filter, Authentication operator) {
			AuditEntry.of(filter.getExchange()).by(operator.getName());
			return filter.getChain().filter(filter.getExchange());
		}

		/**
		 * What everybody may read a wrong credential may read too: a probe that still
		 * sends an old one is no reason to restart the gateway. The audit log tells of
		 * it.
		 */
		Mono<Void> failed(WebFilterExchange filter, AuthenticationException reason) {
			ServerWebExchange exchange = filter.getExchange();
			AuditEntry.of(exchange).refused();
			if (!(reason instanceof TooManyAttemptsException)) {
				return filter.getChain().filter(exchange);
			}
			return HEALTH.matches(exchange)
				.flatMap((health) -> (health.isMatch() || mayRead(exchange)) ? filter.getChain().filter(exchange)
						: tooMany(exchange));
		}

		/** Who has shown nothing that is right. */
		Mono<Void> anonymous(ServerWebExchange exchange, WebFilterChain chain) {
			if (!mayRead(exchange)) {
				return chain.filter(exchange);
			}
			return ReactiveSecurityContextHolder.getContext()
				.hasElement()
				.flatMap((known) -> known ? chain.filter(exchange) : chain.filter(exchange)
					.contextWrite(ReactiveSecurityContextHolder.withAuthentication(UsernamePasswordAuthenticationToken
						.authenticated("loopback", null, AuthorityUtils.createAuthorityList(READER)))));
		}

		/** Never by a header: both ends of the connection are on this machine. */
		private boolean mayRead(ServerWebExchange exchange) {
			InetAddress peer = peer(exchange);
			return this.onLoopback && peer != null && peer.isLoopbackAddress()
					&& ManagementRequestCheck.isRead(exchange.getRequest().getMethod());
		}

		private static @Nullable InetAddress peer(ServerWebExchange exchange) {
			InetSocketAddress remote = exchange.getRequest().getRemoteAddress();
			return (remote != null) ? remote.getAddress() : null;
		}

		private static Mono<Void> tooMany(ServerWebExchange exchange) {
			exchange.getResponse().setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
			exchange.getResponse()
				.getHeaders()
				.set(HttpHeaders.RETRY_AFTER, String.valueOf(FailedAttempts.PERIOD.toSeconds()));
			return exchange.getResponse().setComplete();
		}

		Mono<Void> refuse(ServerWebExchange exchange, Exception reason) {
			HttpHeaders headers = exchange.getResponse().getHeaders();
			if (this.credentials.takesTokens()) {
				headers.add(HttpHeaders.WWW_AUTHENTICATE, "Bearer " + REALM);
			}
			if (this.credentials.takesPasswords() && !isScript(exchange)) {
				headers.add(HttpHeaders.WWW_AUTHENTICATE, "Basic " + REALM + ", charset=\"UTF-8\"");
			}
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return exchange.getResponse().setComplete();
		}

		/** A browser would ask its user, behind the back of the page. */
		private static boolean isScript(ServerWebExchange exchange) {
			String mode = exchange.getRequest().getHeaders().getFirst("Sec-Fetch-Mode");
			return mode != null && !mode.equals("navigate");
		}

	}

}
