package internal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table of cases that every implementation of antiabuse passes; README.md there describes it.
const table = "../../antiabuse/cases"

func TestTable(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(table, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("expected: the table of cases in %s, got: %d files (%v)", table, len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []tableCase
		if err := decodeStrictly(data, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			for _, one := range cases {
				t.Run(one.Name, func(t *testing.T) {
					if err := one.run(); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// A case that says something else must not pass.
func TestTableCanFail(t *testing.T) {
	for _, steps := range []string{
		`{"request": {"target": "/"}, "expect": {"status": 429, "rule": "rate-limit"}}`,
		`{"request": {"target": "/"}, "expect": {"allow": true, "observed": "rate-limit"}}`,
		`{"repeat": 101, "request": {"target": "/"}, "expect": {"allow": true}}`,
		`{"repeat": 100, "request": {"target": "/"}, "expect": {"allow": true}}, {"request": {"target": "/"}, "expect": {"status": 429, "rule": "rate-limit"}}`,
		`{"health": {"state": "shared"}}`,
		`{"keys": {"192.0.2.1": null}}`,
	} {
		var one tableCase
		if err := decodeStrictly([]byte(`{"name": "x", "steps": [`+steps+`]}`), &one); err != nil {
			t.Fatal(err)
		}
		if err := one.run(); err == nil {
			t.Errorf("expected: a failure of %s, got: none", steps)
		}
	}
	if err := decodeStrictly([]byte(`{"name": "x", "steps": [{"request": {"cleint": "192.0.2.1"}}]}`), new(tableCase)); err == nil {
		t.Error("expected: a failure for an unknown member, got: none")
	}
}

type tableCase struct {
	Name     string
	Config   json.RawMessage
	Grants   []string
	Error    *expectedError
	Warnings []string
	Steps    []step
}

type expectedError struct {
	Key      string
	Contains []string
}

type step struct {
	At, Every       string
	Repeat          int
	Request, Answer *caseRequest
	Lift, State     string
	Keys            map[string]*string
	Health          map[string]string
	Expect          *expectation
}

type caseRequest struct {
	Method, Target, Client string
	Headers                map[string]string
	Body                   body
	BodyBase64             []byte `json:"body_base64"`
	BodyState              string `json:"body_state"`
	BodyLength             *int64 `json:"body_length"`
	DryRun                 bool   `json:"dry_run"`
	// Status is of an answer.
	Status int
}

type expectation struct {
	Allow          bool
	Status         int
	RetryAfter     *int `json:"retry_after"`
	Delay          string
	Text           *string
	Rule           *string
	Reason         *string
	Observed       *string
	ObservedReason *string `json:"observed_reason"`
}

// body is a text, or pieces of one; nil: there is none.
type body []byte

func (b *body) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*b = append(body{}, text...)
		return nil
	}
	var pieces []json.RawMessage
	if err := json.Unmarshal(data, &pieces); err != nil {
		return err
	}
	*b = body{}
	for _, piece := range pieces {
		var repeated struct {
			Text  string
			Times int
		}
		if json.Unmarshal(piece, &text) == nil {
			repeated.Text, repeated.Times = text, 1
		} else if err := decodeStrictly(piece, &repeated); err != nil {
			return err
		}
		*b = append(*b, strings.Repeat(repeated.Text, repeated.Times)...)
	}
	return nil
}

// decodeStrictly takes no unknown member: a typing error must not make a case pass.
func decodeStrictly(data []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return fmt.Errorf("expected: what README.md describes, got: %w", err)
	}
	return nil
}
