package org.hkpgateway.process;

import java.util.Map;

import org.slf4j.event.Level;

/**
 * One line of a plugin, understood.
 *
 * @param level how much it matters
 * @param message printable text
 * @param fields other members of a JSON line, printable, in its order
 */
record OutputRecord(Level level, String message, Map<String, String> fields) {

}
