/**
 * The page at {@code /actuator/console}. Start reading at {@link ConsoleHandler}, which
 * serves it, and {@link ConsoleFeed}, which tells it each second what has changed. What
 * it shows beside that it asks the other endpoints for, as any operator's script does.
 */
@NullMarked
package org.hkpgateway.actuate.console;

import org.jspecify.annotations.NullMarked;
