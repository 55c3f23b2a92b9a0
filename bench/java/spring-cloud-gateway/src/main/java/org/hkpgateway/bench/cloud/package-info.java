/**
 * Spring Cloud Gateway with filters that ask other processes over gRPC, as somebody would
 * write them who has no plugin host. Start reading at
 * {@link org.hkpgateway.bench.cloud.CloudGatewayApplication}.
 */
@NullMarked
package org.hkpgateway.bench.cloud;

import org.jspecify.annotations.NullMarked;
