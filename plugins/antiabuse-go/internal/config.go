package internal

import (
	"encoding/json"
	"time"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/rule"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
)

// config is the plugin's configuration; plugin.toml says what each key means.
type config struct {
	rules rule.Config
	// allow are addresses that are never counted and never refused.
	allow settings.Addresses
	// aggregate are counted, and blocked, as one client.
	aggregate settings.Addresses
	// tarpit is how long the gateway is to hold an answer that refuses.
	tarpit time.Duration
	// logAddresses tells whether the log names clients.
	logAddresses bool
	// keys are all that there are, warnings what an operator should know.
	keys, warnings []string
}

// readConfig reads one JSON object. An error names the key, what was expected and what came.
func readConfig(object json.RawMessage) (config, error) {
	reader := settings.NewReader(object)
	read := config{
		rules:        rule.ReadConfig(reader),
		allow:        reader.Addresses("allow"),
		aggregate:    reader.Addresses("aggregate"),
		tarpit:       reader.Delay("tarpit"),
		logAddresses: reader.Flag("log_addresses", true),
	}
	read.keys, read.warnings = reader.Keys(), reader.Warnings()
	return read, reader.Err()
}
