/**
 * Who is blocked, and how long: in this process, or with the gateway where all replicas
 * see it and an operator may lift it. Start reading at
 * {@link org.hkpgateway.antiabuse.ledger.Ledger}.
 */
@NullMarked
package org.hkpgateway.antiabuse.ledger;

import org.jspecify.annotations.NullMarked;
