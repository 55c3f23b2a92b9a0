package org.hkpgateway.process;

import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.IsolationReport;

/**
 * How one launch is isolated.
 *
 * @param wrapper what stands in front of the plugin's command
 * @param namespaced whether the plugin is process 2 of a PID namespace, below two
 * processes of its wrapper; otherwise the wrapper becomes the plugin
 * @param report for the operator
 */
record Confinement(List<String> wrapper, boolean namespaced, IsolationReport report) {

	Confinement {
		wrapper = List.copyOf(wrapper);
	}

	List<String> wrap(List<String> command) {
		List<String> wrapped = new ArrayList<>(this.wrapper);
		wrapped.addAll(command);
		return wrapped;
	}

}
