/**
 * The conformance kit: launches one plugin alone and checks it against the protocol, one
 * {@link org.hkpgateway.conformance.Check} after the other. Start reading at
 * {@link org.hkpgateway.conformance.Conformance}.
 */
@NullMarked
package org.hkpgateway.conformance;

import org.jspecify.annotations.NullMarked;
