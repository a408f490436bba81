package peer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/decimal"
)

// parsed gives the files of a package, without its tests.
func parsed(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatal(dir, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// marked lists the exported types of a package that have the method by which
// they belong to a closed set.
func marked(t *testing.T, dir, method string) (names []string) {
	for _, f := range parsed(t, dir) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != method || fn.Recv == nil {
				continue
			}
			if id, ok := fn.Recv.List[0].Type.(*ast.Ident); ok && id.IsExported() {
				names = append(names, filepath.Base(dir)+"."+id.Name)
			}
		}
	}
	return names
}

// Every type of the closed sets has a name between nodes, and nothing else has.
func TestKindsAreTheClosedSets(t *testing.T) {
	bodyTypes := slices.Concat(
		marked(t, "domain/tree", "treeCommand"), marked(t, "domain/contributor", "contributorCommand"),
		marked(t, "domain/campaign", "campaignCommand"), marked(t, "domain/pool", "poolCommand"))
	wrappers := []string{"commands.OnTree", "commands.OnContributor", "commands.OnCampaign", "commands.OnPool"}
	for _, b := range marked(t, "commands", "body") {
		if !slices.Contains(wrappers, b) {
			bodyTypes = append(bodyTypes, b)
		}
	}
	same(t, "commands", bodyTypes, bodies)
	same(t, "questions", marked(t, "commands", "question"), questions)
}

func same[T any](t *testing.T, what string, want []string, have table[T]) {
	t.Helper()
	var got, names []string
	for _, k := range have {
		got = append(got, k.args.String())
		if slices.Contains(names, k.name) {
			t.Errorf("%s: the name %s is there twice", what, k.name)
		}
		names = append(names, k.name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the table lacks or invents types (-domain +table):\n%s", what, diff)
	}
}

// fill gives a value of any type that travels, with nothing left out.
func fill(t *testing.T, d *domain.Dice, v reflect.Value) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *decimal.Decimal:
		*p = decimal.MustParse(strconv.Itoa(d.Below(200)-100) + "." + strconv.Itoa(1+d.Below(999)))
		return
	case *time.Time:
		*p = time.UnixMicro(int64(d.Below(1 << 51))).UTC()
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, d, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+d.Below(2), 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(t, d, v.Index(i))
		}
	case reflect.String:
		v.SetString(strconv.Itoa(d.Below(1<<30)) + `\ufffd <&> "�"` + "\x00")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int8:
		v.SetInt(1 + int64(d.Below(100)))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(1 + uint64(d.Below(255)))
	default:
		t.Fatalf("%s travels, and this test does not know how", v.Type())
	}
}

func filled[T any](t *testing.T, d *domain.Dice) (x T) {
	fill(t, d, reflect.ValueOf(&x).Elem())
	return x
}

var comparing = cmp.Options{cmp.Comparer(decimalsEqual), cmpopts.EquateEmpty()}

func decimalsEqual(a, b decimal.Decimal) bool { return a.Cmp(b) == 0 }

func TestCommandsTravel(t *testing.T) {
	for _, k := range bodies {
		for seed := range uint64(20) {
			d := domain.NewDice(seed)
			args := reflect.New(k.args)
			fill(t, d, args.Elem())
			raw, err := exact(args.Elem().Interface())
			if err != nil {
				t.Fatal(k.name, err)
			}
			body, err := k.read(filled[target](t, d), raw)
			if err != nil {
				t.Fatal(k.name, err)
			}
			c := commands.Command{ID: filled[domain.CommandID](t, d), Actor: filled[domain.Actor](t, d), Cause: filled[domain.EventID](t, d), Body: body}
			if diff := cmp.Diff(args.Elem().Interface(), argsOf(c.Body), comparing); diff != "" {
				t.Fatalf("%s: its arguments changed (-sent +come):\n%s", k.name, diff)
			}
			sent, err := encodeCommand(17, c)
			if err != nil {
				t.Fatal(k.name, err)
			}
			p, got, err := decodeCommand(sent)
			if diff := cmp.Diff(c, got, comparing); err != nil || p != 17 || diff != "" {
				t.Fatalf("%s: %d, %v, it changed on its way (-sent +come):\n%s", k.name, p, err, diff)
			}
		}
	}
}

func argsOf(b commands.Body) any {
	switch b := b.(type) {
	case commands.OnTree:
		return b.Do
	case commands.OnContributor:
		return b.Do
	case commands.OnCampaign:
		return b.Do
	case commands.OnPool:
		return b.Do
	}
	return b
}

func TestQuestionsTravel(t *testing.T) {
	for _, k := range questions {
		args := reflect.New(k.args)
		fill(t, domain.NewDice(1), args.Elem())
		q := args.Elem().Interface().(commands.Question)
		sent, err := encodeQuestion(3, q)
		if err != nil {
			t.Fatal(k.name, err)
		}
		p, got, err := decodeQuestion(sent)
		if diff := cmp.Diff(q, got, comparing); err != nil || p != 3 || diff != "" {
			t.Errorf("%s: %d, %v, it changed on its way (-sent +come):\n%s", k.name, p, err, diff)
		}
	}
}

func TestInvalidTextIsRefused(t *testing.T) {
	_, err := encodeCommand(0, commands.Command{Actor: domain.ByRule("a\xff"), Body: commands.RequestTask{}})
	if domain.RefusalKind(err) != domain.Invalid {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}

func FuzzDecodeCommand(f *testing.F) {
	for _, k := range bodies {
		f.Add([]byte(`{"partition":1,"id":"00000000-0000-0000-0000-000000000001","actor":{"Kind":"rule","ID":"x"},"kind":"` + k.name + `","args":{}}`))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, c, err := decodeCommand(raw)
		if err != nil {
			return
		}
		again, err := encodeCommand(p, c)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		p2, c2, err := decodeCommand(again)
		if diff := cmp.Diff(c, c2, comparing); err != nil || p != p2 || diff != "" {
			t.Errorf("%v: read, written and read again it differs:\n%s", err, diff)
		}
	})
}

func FuzzDecodeQuestion(f *testing.F) {
	for _, k := range questions {
		f.Add([]byte(`{"partition":1,"kind":"` + k.name + `","args":{}}`))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, q, err := decodeQuestion(raw)
		if err != nil {
			return
		}
		again, err := encodeQuestion(p, q)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		p2, q2, err := decodeQuestion(again)
		if diff := cmp.Diff(q, q2, comparing); err != nil || p != p2 || diff != "" {
			t.Errorf("%v: read, written and read again it differs:\n%s", err, diff)
		}
	})
}
