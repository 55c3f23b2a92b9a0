package main

import (
	"encoding/json"
	"fmt"
)

type config struct {
	enabled              bool
	maxRequestsPerMinute int
	blockedPaths         []string
	blockedClients       []string
	reportType           string
}

// As plugins did that came from the in-process generation: a map, and the names exactly as
// they are written in the manifest. (encoding/json itself would not mind another case.)
func parseConfig(text string) (config, error) {
	c := config{enabled: true, maxRequestsPerMinute: 60}
	if text == "" {
		return c, nil
	}
	var data map[string]interface{}
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		return c, fmt.Errorf("failed to parse config: %w", err)
	}
	if enabled, ok := data["enabled"].(bool); ok {
		c.enabled = enabled
	}
	if limit, ok := data["maxRequestsPerMinute"].(float64); ok {
		c.maxRequestsPerMinute = int(limit)
	}
	c.blockedPaths = texts(data["blockedPaths"])
	c.blockedClients = texts(data["blockedClients"])
	if watch, ok := data["keyWatch"].(map[string]interface{}); ok {
		c.reportType, _ = watch["reportType"].(string)
	}
	if c.maxRequestsPerMinute <= 0 {
		return c, fmt.Errorf("maxRequestsPerMinute must be positive")
	}
	return c, nil
}

func texts(value interface{}) []string {
	var all []string
	items, _ := value.([]interface{})
	for _, item := range items {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}
