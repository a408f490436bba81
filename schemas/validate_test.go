package schemas

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"dendro/domain"
)

func TestEveryTypeHasItsSchema(t *testing.T) {
	files, err := schemaFiles.ReadDir("events")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{"common.v1.json": true}
	for _, e := range Types() {
		for v := 1; v <= e.Version; v++ {
			wanted[schemaName(e.Type, v)] = true
		}
	}
	for _, f := range files {
		if !wanted[f.Name()] {
			t.Errorf("events/%s is of no known type and version", f.Name())
		}
		delete(wanted, f.Name())
		text, err := schemaFiles.ReadFile("events/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("events/%s: %v", f.Name(), err)
		}
		if id := doc.(map[string]any)["$id"]; id != f.Name() {
			t.Errorf("events/%s calls itself %v", f.Name(), id)
		}
		explained(t, f.Name(), doc)
	}
	for name := range wanted {
		t.Errorf("events/%s is missing", name)
	}
}

// explained checks that each object closes itself, and that each member of it
// is explained to whoever consumes the events.
func explained(t *testing.T, place string, schema any) {
	switch s := schema.(type) {
	case []any:
		for _, e := range s {
			explained(t, place, e)
		}
	case map[string]any:
		members, isObject := s["properties"].(map[string]any)
		if isObject && s["additionalProperties"] != false {
			t.Errorf("%s: additional properties are allowed", place)
		}
		for name, m := range members {
			if text, _ := m.(map[string]any)["description"].(string); !strings.HasSuffix(text, ".") {
				t.Errorf("%s/%s has no description that is a sentence", place, name)
			}
		}
		for key, e := range s {
			explained(t, place+"/"+key, e)
		}
	}
}

// TestSchemasRefuseOtherPayloads takes the golden payloads, and takes away,
// adds and spoils one member after the other, at every depth.
func TestSchemasRefuseOtherPayloads(t *testing.T) {
	for _, k := range events.kinds {
		var always []string
		for _, full := range []bool{false, true} {
			payload, _, err := EncodePayload(nil, sample(k, full).Payload)
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(bytes.NewReader(payload))
			d.UseNumber()
			var root map[string]any
			if err := d.Decode(&root); err != nil {
				t.Fatal(err)
			}
			if !full {
				always = slices.Collect(maps.Keys(root))
			}
			spoil(t, k.Type, root, root, func(key string) bool { return slices.Contains(always, key) })
		}
	}
}

func spoil(t *testing.T, typ domain.EventType, root, at map[string]any, always func(key string) bool) {
	check := func(what string, refuse bool) {
		t.Helper()
		raw, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(typ, 1, raw); (err != nil) != refuse {
			t.Errorf("%s, %s: %v: %s", typ, what, err, raw)
		} else if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has more than one line: %v", err)
		}
	}
	check("as it is", false)
	at["extra"] = "x"
	check("extra member", true)
	delete(at, "extra")
	for key, v := range at {
		at[key] = map[string]any{"wrong": 1}
		check("wrong "+key, true)
		delete(at, key)
		if always != nil {
			check("missing "+key, always(key))
		}
		at[key] = v
		spoilBelow(t, typ, root, v)
	}
}

func spoilBelow(t *testing.T, typ domain.EventType, root map[string]any, v any) {
	switch v := v.(type) {
	case map[string]any:
		spoil(t, typ, root, v, nil)
	case []any:
		if len(v) > 0 {
			spoilBelow(t, typ, root, v[0])
		}
	}
}

func TestValidateNamesThePlace(t *testing.T) {
	err := Validate("message.accepted", 1, []byte(`{"message":"`+uuid1+`","reviews":-1,"score":1}`))
	if err == nil || !strings.Contains(err.Error(), "/reviews") {
		t.Errorf("the error is %v", err)
	}
	for _, c := range []struct {
		t       domain.EventType
		version int
		raw     string
	}{{"task.forgotten", 1, `{}`}, {"lottery.won", 2, `{}`}, {"lottery.won", 1, `{`}, {"lottery.won", 1, `null`}} {
		if Validate(c.t, c.version, []byte(c.raw)) == nil {
			t.Errorf("%s, version %d: %s is valid", c.t, c.version, c.raw)
		}
	}
}
