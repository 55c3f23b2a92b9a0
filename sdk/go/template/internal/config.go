package internal

// Config is what an operator can set: in [plugin.config] of plugin.toml, and in
// hkp.plugins.settings.hkp-template.config of the gateway.
type Config struct {
	// ShortestSearch is how many characters an index search needs.
	ShortestSearch int `json:"shortest_search" default:"4" min:"1" max:"100"`
}
