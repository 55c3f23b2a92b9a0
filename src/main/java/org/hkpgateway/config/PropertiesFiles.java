package org.hkpgateway.config;

import org.springframework.boot.env.PropertiesPropertySourceLoader;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Reads properties as Spring Boot does, and before {@link YamlFiles}: whoever comes first
 * wins where a directory has both.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class PropertiesFiles extends PropertiesPropertySourceLoader {

}
