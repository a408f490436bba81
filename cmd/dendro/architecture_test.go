package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrow says what the packages of a place may import: the table of the design.
// In a place and in may, "x/..." means x and all below it.
type arrow struct {
	place string
	may   []string // packages of this module
	libs  []string // modules of others
	std   []string // of the impure standard library, "*" for all; see impure
	why   string   // for what departs from the table
}

// arrows, the first that fits decides.
var arrows = []arrow{
	{place: "domain", libs: []string{"github.com/oklog/ulid"}},
	{place: "domain/decimal", libs: []string{"github.com/cockroachdb/apd"}},
	{place: "domain/policy", may: []string{"domain", "domain/decimal"}},
	{place: "domain/ranking", libs: []string{"github.com/cockroachdb/apd"}},
	{place: "domain/reward", may: []string{"domain/decimal"}, libs: []string{"github.com/cockroachdb/apd"}},
	{
		place: "domain/...", // the aggregates, which do not know each other
		may:   []string{"domain", "domain/decimal", "domain/policy", "domain/ranking", "domain/reward"},
		libs:  []string{"github.com/cockroachdb/apd"},
	},
	{
		place: "schemas", may: []string{"domain/..."}, std: []string{"embed", "encoding/..."},
		libs: []string{"github.com/santhosh-tekuri/jsonschema", "golang.org/x/mod", "golang.org/x/text"},
		why:  "x/text is the printer of jsonschema's messages",
	},
	{
		place: "commands/...", may: []string{"domain/...", "commands/..."}, std: []string{"encoding/gob"},
		libs: []string{"golang.org/x/text"},
		why:  "checkpoints are gob; x/text knows what a BCP 47 tag is",
	},
	{
		place: "projections/dataset/...", may: []string{"domain/...", "projections", "projections/dataset/..."}, std: []string{"encoding/json"},
		why: "recipes and published rows are JSON, and reading them is what a dataset is about",
	},
	{
		place: "projections/terms", libs: []string{"github.com/blevesearch/snowballstem", "golang.org/x/text"},
		why: "what a word is, and its stem, is Unicode's and Snowball's to say; it knows nothing of messages",
	},
	{place: "projections/...", may: []string{"domain/...", "projections"}},
	{place: "adapters/...", may: []string{"domain/...", "schemas", "commands/...", "projections/..."}, libs: []string{"*"}, std: []string{"*"}},
	{
		place: "cmd/dendro", std: []string{"*"}, libs: []string{"*"},
		may: []string{"domain/...", "schemas", "commands/...", "projections/...", "adapters/..."},
	},
}

var testLibs = []string{"pgregory.net/rapid", "github.com/google/go-cmp"}

// inTests is what test files, and packages that help tests, may import beside.
var inTests = []arrow{
	{place: "domain/...", may: []string{"domain/..."}},
	{place: "schemas", may: []string{"domain/..."}},
	{
		place: "commands/...", may: []string{"domain/...", "schemas", "adapters/adaptertest", "adapters/memory"},
		why: "an engine is tried on a real log and its faults",
	},
	{place: "projections/...", may: []string{"domain/...", "projections/...", "schemas"}},
	{
		place: "adapters/httpapi/...", may: []string{"adapters/adaptertest", "adapters/memory"}, libs: []string{"*"},
		why: "the API is tried on a real engine, with log, views and directory in memory",
	},
	{place: "adapters/...", may: []string{"adapters/adaptertest"}},
	{place: "cmd/dendro"},
}

// impure is the part of the standard library that reaches out of the program,
// rolls dice, or knows formats: the domain and the folds do without. The
// encodings left out (hex, binary) only write numbers and ids.
var impure = []string{
	"compress/...", "archive/...", "database/...", "embed", "html/...", "log/...", "math/rand/...", "crypto/rand",
	"encoding/json", "encoding/xml", "encoding/gob", "encoding/csv", "encoding/asn1", "encoding/pem", "encoding/base64",
	"net/...", "os/...", "path/filepath", "io/fs", "io/ioutil", "plugin", "syscall", "unsafe", "text/template", "testing",
}

// fits reports whether a pattern takes in the path.
func fits(pattern, path string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return pattern == "*" || path == below || all && strings.HasPrefix(path, below+"/")
}

func anyFits(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, path) })
}

func arrowOf(table []arrow, pkg string) (arrow, bool) {
	i := slices.IndexFunc(table, func(a arrow) bool { return fits(a.place, pkg) })
	if i < 0 {
		return arrow{}, false
	}
	return table[i], true
}

// forbids tells why a file of the package may not import the path; "" if it may.
func forbids(pkg, imported string, test bool) string {
	a, known := arrowOf(arrows, pkg)
	if !known {
		return "the design knows no such package; see its §11"
	}
	test = test || strings.HasSuffix(pkg, "test")
	if test {
		more, _ := arrowOf(inTests, pkg)
		a.may, a.libs, a.std = slices.Concat(a.may, more.may), slices.Concat(a.libs, testLibs), []string{"*"}
	}
	first, _, _ := strings.Cut(imported, "/")
	switch own, ok := strings.CutPrefix(imported, "dendro/"); {
	case ok && own == pkg && test: // its external tests
		return ""
	case ok && strings.HasSuffix(own, "test") && !test:
		return "it helps tests, and only tests may import it"
	case ok && sameAdapter(pkg, own):
		return ""
	case ok && !anyFits(a.may, own):
		return fmt.Sprintf("design arrows allow it %s", list(a.may, "no package of this module"))
	case !ok && strings.Contains(first, ".") && !slices.ContainsFunc(a.libs, func(l string) bool { return fits(l+"/...", imported) || l == "*" }):
		return fmt.Sprintf("design arrows allow it %s", list(a.libs, "no module of others"))
	case !ok && !strings.Contains(first, ".") && anyFits(impure, imported) && !anyFits(a.std, imported):
		return fmt.Sprintf("design arrows allow it the pure part of the standard library and beside it %s", list(a.std, "nothing"))
	}
	return ""
}

// sameAdapter reports whether both packages are of one adapter.
func sameAdapter(pkg, other string) bool {
	a, b := strings.Split(pkg, "/"), strings.Split(other, "/")
	return len(a) > 1 && len(b) > 1 && a[0] == "adapters" && b[0] == "adapters" && a[1] == b[1]
}

func list(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return "only " + strings.Join(names, ", ")
}

const root = "../.." // of the repository, seen from here

// source is one parsed Go file of the repository.
type source struct {
	name string // slashed, from the root
	pkg  string // its directory, from the root
	test bool
	file *ast.File
	text []byte
}

func sources(t *testing.T) (all []source) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, source{
			name: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), file: file, text: text,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestArchitectureArrows(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbids(s.pkg, imported, s.test); why != "" {
				t.Errorf("%s: %s imports %s: %s", s.name, s.pkg, imported, why)
			}
		}
	}
}

// TestArchitectureArrowsPointOneWay holds the rules themselves to the design,
// so that a slip in the table shows.
func TestArchitectureArrowsPointOneWay(t *testing.T) {
	const file, test = false, true
	for _, c := range []struct {
		pkg, imported string
		test, allowed bool
	}{
		{"domain", "github.com/oklog/ulid/v2", file, true},
		{"domain", "dendro/domain/tree", file, false},
		{"domain", "encoding/json", file, false},
		{"domain", "encoding/hex", file, true},
		{"domain", "os", file, false},
		{"domain/tree", "dendro/domain/ranking", file, true},
		{"domain/tree", "dendro/domain/pool", file, false},
		{"domain/pool", "dendro/domain/tree", file, false},
		{"domain/tree", "dendro/schemas", test, false},
		{"domain/tree", "net/http", file, false},
		{"domain/tree", "math/rand/v2", file, false},
		{"domain/tree", "math/rand/v2", test, true},
		{"domain/tree", "dendro/domain/domaintest", test, true},
		{"domain/tree", "dendro/domain/domaintest", file, false},
		{"domain/ranking", "dendro/domain", file, false},
		{"domain/domaintest", "pgregory.net/rapid", file, true},
		{"domain/domaintest", "dendro/schemas", file, false},
		{"schemas", "dendro/domain/tree", file, true},
		{"schemas", "dendro/commands", file, false},
		{"schemas", "net/http", file, false},
		{"commands", "dendro/domain/pool", file, true},
		{"commands", "dendro/schemas", file, false},
		{"commands", "dendro/projections", file, false},
		{"commands", "database/sql", file, false},
		{"commands", "dendro/adapters/memory", test, true},
		{"commands", "dendro/adapters/memory", file, false},
		{"commands", "dendro/adapters/bolt", test, false},
		{"projections/dataset", "encoding/json", file, true},
		{"projections/integrity", "encoding/json", file, false},
		{"projections/integrity", "dendro/projections/dataset", file, false},
		{"projections/integrity", "dendro/schemas", file, false},
		{"projections/terms", "golang.org/x/text/unicode/norm", file, true},
		{"projections/terms", "dendro/domain", file, false},
		{"projections", "os", file, false},
		{"adapters/bolt", "go.etcd.io/bbolt", file, true},
		{"adapters/bolt", "dendro/adapters/memory", file, false},
		{"adapters/bolt", "dendro/adapters/memory", test, false},
		{"adapters/bolt", "dendro/adapters/adaptertest", test, true},
		{"adapters/bolt", "dendro/adapters/adaptertest", file, false},
		{"adapters/web/pages", "dendro/adapters/web", file, true},
		{"adapters/bolt", "dendro/cmd/dendro", file, false},
		{"cmd/dendro", "dendro/adapters/bolt", file, true},
		{"cmd/dendro", "dendro/adapters/adaptertest", file, false},
		{"helpers", "fmt", file, false},
	} {
		if why := forbids(c.pkg, c.imported, c.test); (why == "") != c.allowed {
			t.Errorf("%s importing %s (in a test: %v): allowed is %v, want %v (%s)", c.pkg, c.imported, c.test, why == "", c.allowed, why)
		}
	}
}
