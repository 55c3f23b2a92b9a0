package hkp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// caseSettings is the structure "settings" of ../cases/README.md.
type caseSettings struct {
	Text    string               `default:"n"`
	Count   int32                `default:"4" min:"1" max:"100"`
	Whole   int64                `default:"0"`
	Floor   int                  `default:"1" min:"1"`
	Ceiling int                  `default:"1" max:"10"`
	Share   float64              `default:"0.5" min:"0" max:"1"`
	Ratio   float64              `default:"1.5"`
	Flag    bool                 `default:"true"`
	Window  time.Duration        `default:"10s" min:"1s" max:"1d"`
	Delay   time.Duration        `default:"0s"`
	Pause   time.Duration        `default:"1s" min:"1s"`
	Body    hkp.Size             `default:"64KB" min:"1KB" max:"1MB"`
	Most    hkp.Size             `default:"0"`
	Room    hkp.Size             `default:"1MB" max:"1GB"`
	Mode    string               `default:"enforce_all" oneof:"observe,enforce_all"`
	Texts   []string             `default:""`
	Counts  []int                `default:"" min:"1" max:"10"`
	Waits   []time.Duration      `default:"1s"`
	Limits  caseLimits           ``
	Agents  map[string]caseAgent ``
	Rules   []caseAgent          `default:""`
	Maybe   *int                 `min:"1"`
}

func (s *caseSettings) Validate() error {
	if s.Text == "bad" && s.Flag {
		return fmt.Errorf("flag: expected: false with the text bad, got: %t", s.Flag)
	}
	return nil
}

type caseLimits struct {
	Low  int `json:"low" default:"1"`
	High int `json:"high" default:"10"`
}

func (l caseLimits) Validate() error {
	if l.Low > l.High {
		return fmt.Errorf("low: expected: at most high, got: %d", l.Low)
	}
	return nil
}

type caseAgent struct {
	Pattern string `json:"pattern" required:"true"`
	Weight  int    `json:"weight" default:"1" min:"1" max:"10"`
}

// caseRequired is the structure "required".
type caseRequired struct {
	Name   string        `required:"true"`
	Count  int           `required:"true" min:"1" max:"100"`
	Share  float64       `required:"true" min:"0" max:"1"`
	Flag   bool          `required:"true"`
	Window time.Duration `required:"true" min:"1s" max:"1d"`
	Body   hkp.Size      `required:"true" min:"1KB" max:"1MB"`
	Mode   string        `required:"true" oneof:"observe,enforce_all"`
}

func (s *caseSettings) values() map[string]any {
	waits := []int64{}
	for _, wait := range s.Waits {
		waits = append(waits, wait.Milliseconds())
	}
	agents := s.Agents
	if agents == nil {
		agents = map[string]caseAgent{}
	}
	return map[string]any{"text": s.Text, "count": s.Count, "whole": s.Whole, "floor": s.Floor, "ceiling": s.Ceiling, "share": s.Share,
		"ratio": s.Ratio, "flag": s.Flag, "window": s.Window.Milliseconds(), "delay": s.Delay.Milliseconds(), "pause": s.Pause.Milliseconds(),
		"body": s.Body, "most": s.Most, "room": s.Room, "mode": s.Mode, "texts": s.Texts, "counts": s.Counts, "waits": waits,
		"limits": s.Limits, "agents": agents, "rules": s.Rules, "maybe": s.Maybe}
}

func (r *caseRequired) values() map[string]any {
	return map[string]any{"name": r.Name, "count": r.Count, "share": r.Share, "flag": r.Flag, "window": r.Window.Milliseconds(),
		"body": r.Body, "mode": r.Mode}
}

type configCase struct {
	Name    string          `json:"name"`
	Of      string          `json:"of"`
	Config  json.RawMessage `json:"config"`
	Text    *string         `json:"text"`
	Values  map[string]any  `json:"values"`
	Unknown []string        `json:"unknown"`
	Error   string          `json:"error"`
}

// The table that all SDKs have in common.
func TestConfigCases(t *testing.T) {
	file, err := os.ReadFile("../cases/configuration.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Defaults map[string]any `json:"defaults"`
		Cases    []configCase   `json:"cases"`
	}
	if err := exactly(file, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Cases) < 200 {
		t.Errorf("expected: at least 200 cases, got: %d", len(table.Cases))
	}
	for _, one := range table.Cases {
		t.Run(one.Name, func(t *testing.T) { one.run(t, table.Defaults) })
	}
}

func (c *configCase) run(t *testing.T, defaults map[string]any) {
	var target interface{ values() map[string]any } = &caseSettings{}
	expected := maps.Clone(defaults)
	if c.Of == "required" {
		target, expected = &caseRequired{}, map[string]any{}
	}
	maps.Copy(expected, c.Values)
	text := string(c.Config)
	if c.Text != nil {
		text = *c.Text
	}
	config, err := hkp.ParseConfig(text)
	if err == nil {
		err = config.Decode(target)
	}
	switch {
	case c.Error != "":
		if err == nil || err.Error() != c.Error {
			t.Errorf("expected: %s, got: %v", c.Error, err)
		}
		return
	case err != nil:
		t.Fatalf("expected: no error, got: %v", err)
	}
	encoded, err := json.Marshal(target.values())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := exactly(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("expected: %v, got: %v", expected, got)
	}
	if unknown := config.Unknown(target); !slices.Equal(unknown, c.Unknown) {
		t.Errorf("expected: the unknown keys %v, got: %v", c.Unknown, unknown)
	}
}

// exactly decodes JSON with its numbers as they are written, and without a member that nobody knows.
func exactly(text []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	return decoder.Decode(target)
}
