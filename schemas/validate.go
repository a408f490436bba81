package schemas

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"dendro/domain"
)

// schemaFiles holds the JSON Schemas: events/<type>.v<version>.json, and
// events/common.v1.json that they refer to.
//
//go:embed events/*.json
var schemaFiles embed.FS

// Validate holds a payload to the JSON Schema of its type and version, and
// tells in one line what is wrong first. It is for checks and tools, some ten
// times slower than decoding; it does not ask for the canonical form.
func Validate(t domain.EventType, version int, raw []byte) error {
	all, err := compiled()
	if err != nil {
		return err
	}
	schema := all[schemaName(t, version)]
	if schema == nil {
		return fmt.Errorf("there is no schema of %s, version %d", t, version)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("%s is not JSON: %w", t, err)
	}
	err = schema.Validate(value)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return fmt.Errorf("%s, version %d: %s", t, version, firstCause(invalid))
	}
	return err
}

var english = message.NewPrinter(language.English)

func firstCause(e *jsonschema.ValidationError) string {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return "at /" + strings.Join(e.InstanceLocation, "/") + ": " + e.ErrorKind.LocalizedString(english)
}

// compiled has the schemas of all known types and versions by file name.
var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	files, err := schemaFiles.ReadDir("events")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := schemaFiles.ReadFile("events/" + f.Name())
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", f.Name(), err)
		}
		if err := c.AddResource(schemaBase+f.Name(), doc); err != nil {
			return nil, fmt.Errorf("schema %s: %w", f.Name(), err)
		}
	}
	all := make(map[string]*jsonschema.Schema)
	for _, e := range Types() {
		for v := 1; v <= e.Version; v++ {
			name := schemaName(e.Type, v)
			if all[name], err = c.Compile(schemaBase + name); err != nil {
				return nil, fmt.Errorf("schema %s: %w", name, err)
			}
		}
	}
	return all, nil
})

// schemaBase is only a place for relative references to start from.
const schemaBase = "dendro:///events/"
