package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// manifest is what of plugin.toml the launch of a plugin needs.
type manifest struct {
	Plugin struct {
		Name         string         `toml:"name"`
		Version      string         `toml:"version"`
		Executable   string         `toml:"executable"`
		Args         []string       `toml:"args"`
		Capabilities []string       `toml:"capabilities"`
		Config       map[string]any `toml:"config"`
	} `toml:"plugin"`
}

func readManifest(directory string) (manifest, error) {
	var read manifest
	path := filepath.Join(directory, "plugin.toml")
	if _, err := toml.DecodeFile(path, &read); err != nil {
		return read, fmt.Errorf("%s: expected: a plugin's manifest, got: %w", path, err)
	}
	if read.Plugin.Name == "" || read.Plugin.Executable == "" {
		return read, fmt.Errorf("%s: expected: plugin.name and plugin.executable, got: %q and %q", path,
			read.Plugin.Name, read.Plugin.Executable)
	}
	program := filepath.Join(directory, read.Plugin.Executable)
	if info, err := os.Stat(program); err != nil || info.Mode()&0o100 == 0 {
		return read, fmt.Errorf("%s: expected: an executable file, got: another or none", program)
	}
	return read, nil
}

// configuration is the manifest's as one JSON object, with more merged over its top level.
func (m manifest) configuration(more string) (string, error) {
	merged := map[string]any{}
	for key, value := range m.Plugin.Config {
		merged[key] = value
	}
	if more != "" {
		if err := json.Unmarshal([]byte(more), &merged); err != nil {
			return "", fmt.Errorf("config: expected: one JSON object, got: %w", err)
		}
	}
	text, err := json.Marshal(merged)
	return string(text), err
}

// grants are those capabilities that are asked for and can be had here, where no host is.
func (m manifest) grants() []string {
	var granted []string
	for _, capability := range m.Plugin.Capabilities {
		if strings.HasPrefix(capability, "http.") {
			granted = append(granted, capability)
		}
	}
	return granted
}
