package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// The files of deploy are checked for form: that they are YAML, that what they
// set exists, and that services wait for services that there are. No container
// engine runs them here.
func TestDeployFiles(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Image       string
			Build       struct{ Dockerfile string }
			DependsOn   map[string]any `yaml:"depends_on"`
			Environment map[string]any
			Volumes     []string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	known := serveVariables()
	nodes, brokers := 0, 0
	for name, s := range file.Services {
		if s.Image == "" && s.Build.Dockerfile != "deploy/Dockerfile" {
			t.Errorf("%s has neither an image nor our Dockerfile", name)
		}
		for other := range s.DependsOn {
			if _, ok := file.Services[other]; !ok {
				t.Errorf("%s waits for %s, which is no service", name, other)
			}
		}
		for _, v := range s.Volumes {
			if volume, _, _ := strings.Cut(v, ":"); !hasKey(file.Volumes, volume) {
				t.Errorf("%s mounts %s, which is no volume", name, volume)
			}
		}
		for variable := range s.Environment {
			if strings.HasPrefix(variable, variablePrefix) && !slices.Contains(known, variable) {
				t.Errorf("%s sets %s, which `dendro serve` does not know", name, variable)
			}
		}
		switch {
		case strings.HasPrefix(name, "node-"):
			nodes++
		case strings.HasPrefix(name, "kafka-"):
			brokers++
		}
	}
	if nodes != 3 || brokers != 3 || !hasKey(file.Services, "postgres") {
		t.Errorf("there are %d nodes and %d brokers", nodes, brokers)
	}
	docker, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range regexp.MustCompile(`DENDRO_[A-Z_]+`).FindAllString(string(docker), -1) {
		if !slices.Contains(known, variable) {
			t.Errorf("the Dockerfile sets %s, which `dendro serve` does not know", variable)
		}
	}
}

func hasKey[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

// serveVariables are the variables that `dendro serve` reads.
func serveVariables() []string {
	all := []string{dataVariable, rootVariable, secretVariable, webhookVariable}
	newServeCmd().Flags().VisitAll(func(f *pflag.Flag) { all = append(all, variable(f.Name)) })
	return all
}
