package hkp

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The template, made into a project as the gateway's `plugins new` does it, builds, passes its own
// tests, and runs.
func TestTheTemplateBecomesAPlugin(t *testing.T) {
	project := t.TempDir()
	copyTree(t, "template", project, func(text string) string {
		return strings.NewReplacer("hkp-template", "my-plugin", "hkp_template", "my_plugin", "HkpTemplate", "MyPlugin", "@SDK_VERSION@", "0.1.0").Replace(text)
	})
	copyTree(t, ".", filepath.Join(project, "third_party/hkp-sdk-go"), func(text string) string { return text })
	for _, command := range [][]string{{"gofmt", "-l", "cmd", "internal"}, {"go", "mod", "verify"}, {"go", "vet", "-mod=readonly", "./..."}, {"go", "test", "./..."}, {"./build.sh"}} {
		run := exec.Command(command[0], command[1:]...)
		run.Dir = project
		output, err := run.CombinedOutput()
		if err != nil || (command[0] == "gofmt" && len(output) > 0) {
			t.Fatalf("expected: %v succeeds, got: %v: %s", command, err, output)
		}
	}
	if manifest, err := os.ReadFile(filepath.Join(project, "dist/plugin.toml")); err != nil || !strings.Contains(string(manifest), `executable = "hkp-plugin-my-plugin"`) {
		t.Errorf("expected: a manifest that names the executable, got: %s, %v", manifest, err)
	}
	for _, name := range []string{".gitignore", ".dockerignore"} {
		if text, err := os.ReadFile(filepath.Join(project, name)); err != nil || !strings.Contains(string(text), "dist") {
			t.Errorf("expected: %s names dist, got: %q, %v", name, text, err)
		}
	}
	plugin := prepare(t, "usual", launched(t)...)
	plugin.command.Path = filepath.Join(project, "dist/hkp-plugin-my-plugin")
	plugin.start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	if answer, err := client.HandleRequest(within(t), index("a", "ab")); err != nil || answer.GetStatusCode() != 429 {
		t.Errorf("expected: 429, got: %v, %v", answer, err)
	}
	if err := plugin.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := plugin.exitCode(); code != 0 {
		t.Errorf("expected: exit code 0, got: %d", code)
	}
}

// copyTree copies what belongs to a project: neither tests of the SDK nor the template in it.
func copyTree(t *testing.T, from, to string, change func(string) string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(from, path)
		if from == "." && (name == "template" || strings.HasSuffix(name, "_test.go")) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, change(name))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(change(string(content))), info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}
