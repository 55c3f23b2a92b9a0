// Package hkpplugin has the messages and services of the plugin protocol, generated from proto/ by
// generate.sh. Plugins that use package hkp need nothing of it.
package hkpplugin
