package internal

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const javaManifest = "../../antiabuse/src/main/dist/plugin.toml"

// settingText is a line such as "threshold = 100", also in a comment: its value is JSON, too.
var settingText = regexp.MustCompile(`(?m)^(# )?([a-z_]+) = (.+)$`)

func TestTheManifestHasTheDefaults(t *testing.T) {
	_, settings := readManifest(t, "../plugin.toml")
	defaults, all := map[string]json.RawMessage{}, map[string]bool{}
	for _, line := range settingText.FindAllStringSubmatch(settings, -1) {
		all[line[2]] = true
		if line[1] == "" {
			defaults[line[2]] = json.RawMessage(line[3])
		}
	}
	object, err := json.Marshal(defaults)
	if err != nil {
		t.Fatal(err)
	}
	said, err := readConfig(object)
	if err != nil {
		t.Fatal(err)
	}
	none, err := readConfig(json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(said.rules, none.rules) || said.logAddresses != none.logAddresses || len(said.warnings) > 0 {
		t.Errorf("expected: the manifest's configuration is that of the code, got: %+v and %+v", said, none)
	}
	if keys := slices.Sorted(maps.Keys(all)); !slices.Equal(keys, said.keys) {
		t.Errorf("expected: every key is in the manifest, got: %v and %v", keys, said.keys)
	}
}

func TestTheManifestIsThatOfThePluginInJava(t *testing.T) {
	mine, mySettings := readManifest(t, "../plugin.toml")
	others, otherSettings := readManifest(t, javaManifest)
	if mySettings != otherSettings {
		t.Error("expected: [plugin.config] as the plugin in Java has it, got: another")
	}
	for _, key := range []string{"protocol_version", "order", "capabilities"} {
		if mine[key] != others[key] || mine[key] == "" {
			t.Errorf("%s: expected: %s, got: %s", key, others[key], mine[key])
		}
	}
}

func TestTheManifestSaysWhatTheCodeSays(t *testing.T) {
	head, _ := readManifest(t, "../plugin.toml")
	var capabilities []string
	if err := json.Unmarshal([]byte(head["capabilities"]), &capabilities); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(capabilities, options().Capabilities) || head["description"] != `"`+options().Description+`"` {
		t.Errorf("expected: capabilities and description of the code, got: %v", head)
	}
}

func readManifest(t *testing.T, file string) (head map[string]string, settings string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, settings, found := strings.Cut(string(data), "\n[plugin.config]\n")
	if !found {
		t.Fatalf("expected: [plugin.config] in %s, got: none", file)
	}
	head = map[string]string{}
	for _, line := range settingText.FindAllStringSubmatch(before, -1) {
		head[line[2]] = line[3]
	}
	return head, settings
}
