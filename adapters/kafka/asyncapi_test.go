package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"dendro/domain"
	"dendro/schemas"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// eventSchemas are the files that asyncapi.yaml refers to as events/….
const eventSchemas = "../../schemas/events"

type object = map[string]any

// asyncAPI is schemas/asyncapi.yaml, as JSON values.
var asyncAPI = sync.OnceValues(func() (object, error) {
	var doc any
	if err := yaml.Unmarshal(schemas.AsyncAPI(), &doc); err != nil {
		return nil, err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return doc.(object), nil
})

func document(t *testing.T) object {
	t.Helper()
	doc, err := asyncAPI()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// at follows a path of keys.
func at(t *testing.T, doc any, path ...string) any {
	t.Helper()
	for i, key := range path {
		m, _ := doc.(object)
		below, ok := m[key]
		if !ok {
			t.Fatalf("there is no %s", strings.Join(path[:i+1], "/"))
		}
		doc = below
	}
	return doc
}

// Every type and version is a message, described in the words of its schema;
// and there is no other message.
func TestAsyncAPIMessages(t *testing.T) {
	doc := document(t)
	ref := func(to string) any { return object{"$ref": to} }
	messages, channel := object{"identity": at(t, doc, "components", "messages", "identity")}, object{}
	for _, e := range schemas.Types() {
		for v := 1; v <= e.Version; v++ {
			name := fmt.Sprintf("%s.v%d", e.Type, v)
			messages[name] = object{
				"name":    string(e.Type),
				"title":   fmt.Sprintf("%s, version %d", e.Type, v),
				"summary": eventSchema(t, name+".json")["description"],
				"traits":  []any{ref("#/components/messageTraits/" + string(e.Aggregate))},
				"headers": object{"type": "object", "allOf": []any{
					ref("#/components/schemas/envelope"),
					object{"properties": object{"ce_type": object{"const": string(e.Type)}, "ce_dataschema": object{"const": name + ".json"}}},
				}},
				"payload": ref("events/" + name + ".json"),
			}
			channel[name] = ref("#/components/messages/" + name)
		}
	}
	if diff := cmp.Diff(messages, at(t, doc, "components", "messages")); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(channel, at(t, doc, "channels", "events", "messages")); diff != "" {
		t.Errorf("messages of the channel (-want +got):\n%s", diff)
	}
	for _, file := range eventFiles(t) {
		if name := strings.TrimSuffix(file, ".json"); messages[name] == nil && name != "common.v1" {
			t.Errorf("no message has the schema %s", file)
		}
	}
}

func eventFiles(t *testing.T) (names []string) {
	t.Helper()
	files, err := fs.ReadDir(os.DirFS(eventSchemas), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

func eventSchema(t *testing.T, name string) object {
	t.Helper()
	text, err := os.ReadFile(eventSchemas + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc.(object)
}

// Whatever is referred to is there; and a reference stands alone, as AsyncAPI
// ignores what is beside it.
func TestAsyncAPIReferences(t *testing.T) {
	doc, met := document(t), 0
	var walk func(place string, v any)
	walk = func(place string, v any) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(fmt.Sprint(place, "/", i), e)
			}
		case object:
			ref, refers := v["$ref"].(string)
			if refers {
				met++
				file, path, _ := strings.Cut(ref, "#")
				to := doc
				if file != "" {
					to = eventSchema(t, strings.TrimPrefix(file, "events/"))
				}
				if path != "" {
					at(t, to, strings.Split(path[1:], "/")...)
				}
				if len(v) > 1 {
					t.Errorf("%s: something stands beside the reference to %s", place, ref)
				}
			}
			for key, e := range v {
				walk(place+"/"+key, e)
			}
		}
	}
	walk("", doc)
	if met < len(schemas.Types()) {
		t.Errorf("%d references", met)
	}
}

// The headers listed are those written, in that order, and no others.
func TestAsyncAPIHeaders(t *testing.T) {
	var order struct {
		Components struct {
			Schemas struct {
				Envelope struct {
					Required   []string
					Properties yaml.Node
					Additional any `yaml:"additionalProperties"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(schemas.AsyncAPI(), &order); err != nil {
		t.Fatal(err)
	}
	envelope := order.Components.Schemas.Envelope
	if envelope.Additional != false {
		t.Error("other headers are allowed")
	}
	var listed []string
	for i, node := range envelope.Properties.Content {
		if i%2 == 0 {
			listed = append(listed, node.Value)
		}
	}
	e := goldenEvents(t)[0]
	for _, c := range []struct {
		cause domain.EventID
		want  []string
	}{{domain.EventID{1}, listed}, {domain.EventID{}, envelope.Required}} {
		e.Cause = c.cause
		raw, err := new(appender).append(nil, 0, 0, &e)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := takeRecord(raw)
		if err != nil {
			t.Fatal(err)
		}
		var written []string
		for in := (fields{rest: r.rest}); len(in.rest) > 0; in.bytes() {
			written = append(written, string(in.bytes()))
		}
		if diff := cmp.Diff(c.want, written); diff != "" {
			t.Errorf("headers, cause %s (-listed +written):\n%s", c.cause, diff)
		}
	}
}

// message is what asyncapi.yaml says of one message.
type message struct {
	headers, key, payload *jsonschema.Schema
}

// compiler gives the schema at a place of asyncapi.yaml. It reads all schemas as
// tools for AsyncAPI do, whose schemas are draft-07: those of the events must
// mean the same there.
func compiler(t *testing.T) func(place string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	const base = "dendro:///"
	add := func(name string, doc any) {
		if err := c.AddResource(base+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	add("asyncapi.yaml", document(t))
	for _, file := range eventFiles(t) {
		schema := eventSchema(t, file)
		delete(schema, "$schema")
		add("events/"+file, schema)
	}
	return func(place string) *jsonschema.Schema {
		s, err := c.Compile(base + "asyncapi.yaml#/" + place)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// compiled are the messages of the channel by name.
func compiled(t *testing.T) map[string]message {
	t.Helper()
	doc, compile := document(t), compiler(t)
	out := make(map[string]message)
	for name := range at(t, doc, "channels", "events", "messages").(object) {
		place := "components/messages/" + name
		trait := at(t, at(t, doc, "components", "messages", name, "traits").([]any)[0], "$ref").(string)
		out[name] = message{
			headers: compile(place + "/headers"),
			key:     compile(strings.TrimPrefix(trait, "#/") + "/bindings/kafka/key"),
			payload: compile(place + "/payload"),
		}
	}
	return out
}

// takes tells why the record is none of these messages; nil when it is.
func (m message) takes(r topicRecord) error {
	headers := object{}
	for _, h := range r.Headers {
		if _, twice := headers[h.Name]; twice {
			return fmt.Errorf("header %s is there twice", h.Name)
		}
		headers[h.Name] = h.Value
	}
	payload, err := jsonschema.UnmarshalJSON(strings.NewReader(r.Payload))
	if err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	for _, part := range []struct {
		name   string
		schema *jsonschema.Schema
		value  any
	}{{"headers", m.headers, headers}, {"key", m.key, r.Key}, {"payload", m.payload, payload}} {
		if err := part.schema.Validate(part.value); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// matching are the names of the messages that the record is.
func matching(messages map[string]message, r topicRecord) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(messages)) {
		if messages[name].takes(r) == nil {
			out = append(out, name)
		}
	}
	return out
}
