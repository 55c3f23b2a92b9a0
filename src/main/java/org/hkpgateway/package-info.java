/**
 * The application class; everything else lives in packages below.
 */
@NullMarked
package org.hkpgateway;

import org.jspecify.annotations.NullMarked;
