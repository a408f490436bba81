package main

import (
	"bytes"
	"go/ast"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that the repository's top holds, beside dot files.
var topLevel = []string{
	"LICENSE", "README.md", "adapters", "cmd", "commands", "deploy", "domain", "go.mod", "go.sum", "projections", "schemas",
}

func TestArchitectureTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			t.Errorf("%s stands at the top of the repository; the design has only %s there", name, strings.Join(topLevel, ", "))
		}
	}
}

// maxLines bounds a file that is no test; most should stay well below.
const maxLines = 500

func TestArchitectureFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if lines := bytes.Count(s.text, []byte("\n")); !s.test && lines > maxLines {
			t.Errorf("%s has %d lines: a file has one subject, and at most %d lines", s.name, lines, maxLines)
		}
	}
}

func TestArchitecturePackagesAreExplained(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment: say in doc.go what flows through it", pkg)
		}
	}
}

// TestArchitectureDecisionsAreExact: in the domain no float decides anything,
// and neither it nor the folds ask a clock.
func TestArchitectureDecisionsAreExact(t *testing.T) {
	for _, s := range sources(t) {
		domain := fits("domain/...", s.pkg)
		if s.test || strings.HasSuffix(s.pkg, "test") || !domain && !fits("projections/...", s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if domain && (n.Name == "float64" || n.Name == "float32") {
					t.Errorf("%s uses %s: the domain counts in integers and decimals", s.name, n.Name)
				}
			case *ast.BasicLit:
				if domain && n.Kind == token.FLOAT {
					t.Errorf("%s has the float %s: the domain counts in integers and decimals", s.name, n.Value)
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Since") {
					t.Errorf("%s asks time.%s: times come with events and commands", s.name, n.Sel.Name)
				}
			}
			return true
		})
	}
}
