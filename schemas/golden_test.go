package schemas

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
)

var update = flag.Bool("update", false, "write golden records that are missing; what is there stays")

// golden is one line of testdata/golden/<type>.jsonl: what one record means
// when it is read as a later version of its schema, or its own.
//
// A line is never changed: stored logs hold such bytes. When a type gets a new
// version, -update adds lines for the new bytes, and for what the old ones
// mean from then on.
type golden struct {
	Case   string          `json:"case"`   // "full": every field says something; "least": as few as possible do
	Stored int             `json:"stored"` // version of the record's schema
	Read   int             `json:"read"`   // version of the event
	Record string          `json:"record"` // AppendRecord's bytes in hexadecimal
	Event  json.RawMessage `json:"event"`  // AppendJSON's
}

func (g golden) key() string { return fmt.Sprintf("%s %d %d", g.Case, g.Stored, g.Read) }

func TestGolden(t *testing.T) {
	for _, k := range events.kinds {
		t.Run(string(k.Type), func(t *testing.T) {
			path := filepath.Join("testdata", "golden", string(k.Type)+".jsonl")
			have := readGolden(t, path)
			byKey := make(map[string]golden)
			for _, g := range have {
				byKey[g.key()] = g
			}
			for _, g := range wanted(t, k, have) {
				old, known := byKey[g.key()]
				switch {
				case known:
					if diff := cmp.Diff(old, g); diff != "" {
						t.Errorf("stored bytes would have another form or meaning; a change needs a new version of %s:\n%s", k.Type, diff)
					}
				case *update:
					appendGolden(t, path, g)
				default:
					t.Errorf("%s: no golden record of %q; add it with: go test ./schemas -run Golden -update", path, g.key())
				}
			}
		})
	}
}

// wanted makes the lines that the type must have, given the stored records.
func wanted(t *testing.T, k kind, have []golden) []golden {
	var out []golden
	for i, name := range []string{"full", "least"} {
		r := sample(k, i == 0)
		record, err := AppendRecord(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, same); diff != "" {
			t.Errorf("another event came back:\n%s", diff)
		}
		out = append(out, meaning(t, k, name, hex.EncodeToString(record)))
	}
	for _, g := range have {
		if g.Stored == g.Read && g.Stored < k.Version {
			out = append(out, meaning(t, k, g.Case, g.Record))
		}
	}
	return out
}

// meaning reads a record of any age, and holds it to its schema.
func meaning(t *testing.T, k kind, name, record string) golden {
	raw, err := hex.DecodeString(record)
	if err != nil {
		t.Fatal(err)
	}
	r, err := DecodeRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	payload, version, err := EncodePayload(nil, r.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(k.Type, version, payload); err != nil {
		t.Errorf("%v: %s", err, payload)
	}
	event, err := AppendJSON(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return golden{Case: name, Stored: r.Schema, Read: version, Record: record, Event: event}
}

func readGolden(t *testing.T, path string) []golden {
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []golden
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var g golden
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, g)
	}
	return out
}

func appendGolden(t *testing.T, path string, g golden) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	lines := json.NewEncoder(f)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(g); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// sample makes an event of the kind, the same on every run: full, every field
// says something, so that a field that a payload gains is noticed.
func sample(k kind, full bool) domain.Recorded {
	f := filler{full: full}
	var r domain.Recorded
	f.fill(reflect.ValueOf(&r.ID).Elem(), "ID", 0)
	f.fill(reflect.ValueOf(&r.Command).Elem(), "Command", 0)
	if full {
		f.fill(reflect.ValueOf(&r.Cause).Elem(), "Cause", 0)
	}
	r.Position = domain.Position{Partition: 0, Seq: 1}
	r.Stream, r.Version, r.Schema, r.Epoch = domain.StreamID(k.Aggregate), 1, k.Version, 1
	if full {
		r.Position = domain.Position{Partition: 1000, Seq: 1_500_000}
		r.Stream, r.Version, r.Epoch = r.Stream+"/"+uuid1, 300, 70_000
	}
	r.Time = time.Date(2026, 11, 23, 12, 34, 56, 123456000, time.UTC)
	r.Actor = domain.Actor{Kind: domain.ActorContributor, ID: uuid2}
	payload := reflect.New(payloadTypes()[k.Type]).Elem()
	f.fill(payload, "", 0)
	r.Payload = payload.Interface().(domain.Event)
	return r
}

// payloadTypes has the Go type of each payload, from drawing until all are met.
var payloadTypes = sync.OnceValue(func() map[domain.EventType]reflect.Type {
	met := make(map[domain.EventType]reflect.Type)
	for i := 0; i < 20_000 && len(met) < len(Types()); i++ {
		e := domaintest.AnyEvent().Example(i)
		met[e.Type()] = reflect.TypeOf(e)
	}
	return met
})

// filler fills values with made-up content, each with its own.
type filler struct {
	full bool
	n    int
}

// fill fills the value of the named field; at is its place in a list.
func (f *filler) fill(v reflect.Value, field string, at int) {
	if word, ok := f.vocabulary(v.Interface(), field, at); ok {
		v.Set(reflect.ValueOf(word).Convert(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		if f.full {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		for i := range v.Len() {
			f.fill(v.Index(i), field, i)
		}
		return
	case reflect.Struct:
		if _, leaf := v.Interface().(interface{ MarshalText() ([]byte, error) }); !leaf {
			for i := range v.NumField() {
				f.fill(v.Field(i), v.Type().Field(i).Name, at)
			}
			return
		}
	}
	if f.full {
		f.n++
		v.Set(f.leaf(v, field))
	}
}

// vocabulary has content for fields that cannot hold anything.
func (f *filler) vocabulary(v any, field string, at int) (any, bool) {
	switch v.(type) {
	case domain.Role:
		return []domain.Role{domain.Prompter, domain.Assistant}[at], true
	case domain.TaskKind:
		return domain.TaskAssistantReply, true
	case domain.TreeState:
		return domain.Growing, f.full || field != "From" // which an opened tree has none of
	case domain.Emoji:
		return domain.Emojis[at], true
	case domain.Label:
		return domain.Labels[at].Name, true
	}
	return "en", field == "Language"
}

func (f *filler) leaf(v reflect.Value, field string) reflect.Value {
	switch v.Interface().(type) {
	case time.Time:
		return reflect.ValueOf(time.Date(2026, 11, f.n, 1, 2, 3, 40_000, time.UTC))
	case time.Duration:
		return reflect.ValueOf(time.Duration(f.n) * time.Hour)
	case decimal.Decimal:
		return reflect.ValueOf(decimal.MustParse(fmt.Sprintf("0.%d1", f.n)))
	case tree.Result:
		return reflect.ValueOf([]tree.Result{tree.Accepted, tree.Rejected}[f.n%2])
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Bool:
		out.SetBool(true)
	case reflect.Int:
		out.SetInt(int64(f.n))
	case reflect.Uint64:
		out.SetUint(math.MaxUint64 - uint64(f.n))
	case reflect.String:
		out.SetString(fmt.Sprintf("%s %d: \"é\\\x01\n<&>\u2028🌳", strings.ToLower(field), f.n))
	case reflect.Array:
		for i := range out.Len() {
			switch e := out.Index(i); e.Kind() {
			case reflect.Uint8:
				e.SetUint(uint64(f.n + i))
			default:
				e.SetInt(int64(i))
			}
		}
	}
	return out
}
