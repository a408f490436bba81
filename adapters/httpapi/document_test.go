package httpapi_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/policy"
	"dendro/schemas"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

func TestDocumentNamesEveryOperation(t *testing.T) {
	c := theContract(t)
	seen := map[string]*operation{}
	for _, op := range c.operations {
		switch other := seen[op.OperationID]; {
		case op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1:
			t.Errorf("%s lacks an operationId, a summary or its one tag", op)
		case other != nil:
			t.Errorf("%s and %s are both %s", op, other, op.OperationID)
		case c.doc.Tags.Get(op.Tags[0]) == nil:
			t.Errorf("%s has the tag %s, which is not explained", op, op.Tags[0])
		}
		seen[op.OperationID] = op
	}
}

var refForm = regexp.MustCompile(`#/components/(\w+)/(\w+)`)

// TestDocumentUsesAllComponents: that every reference leads somewhere is for
// the loader to say.
func TestDocumentUsesAllComponents(t *testing.T) {
	used := map[string]bool{}
	for _, m := range refForm.FindAllStringSubmatch(string(schemas.OpenAPI()), -1) {
		used[m[1]+"/"+m[2]] = true
	}
	parts := theContract(t).doc.Components
	var all []string
	add := func(kind, name string) { all = append(all, kind+"/"+name) }
	for name := range parts.Schemas {
		add("schemas", name)
	}
	for name := range parts.Parameters {
		add("parameters", name)
	}
	for name := range parts.Responses {
		add("responses", name)
	}
	for name := range parts.Headers {
		add("headers", name)
	}
	slices.Sort(all)
	for _, name := range all {
		if !used[name] {
			t.Errorf("nothing refers to #/components/%s", name)
		}
	}
}

// TestDocumentKeepsItsRules: what holds for all operations below the base path.
func TestDocumentKeepsItsRules(t *testing.T) {
	for _, op := range theContract(t).operations {
		if !strings.HasPrefix(op.Path, "/api/v1/") {
			continue
		}
		has := func(in, name string) bool { return op.Parameters.GetByInAndName(in, name) != nil }
		if op.Method == "GET" && !has("query", "at_least") {
			t.Errorf("%s does not take at_least", op)
		}
		if op.Method != "GET" && !has("header", "Idempotency-Key") {
			t.Errorf("%s does not take an Idempotency-Key", op)
		}
		open := op.Security != nil && len(*op.Security) == 0
		want := []int{400, 422, 503}
		if !open {
			want = append(want, 403)
		}
		for _, status := range want {
			if op.Responses.Status(status) == nil {
				t.Errorf("%s documents no answer %d", op, status)
			}
		}
		for status, res := range op.Responses.Map() {
			if res.Value.Headers["X-Request-Id"] == nil {
				t.Errorf("%s: the answer %s does not name its request", op, status)
			}
			if status >= "400" && status != "416" && res.Value.Content.Get("application/json") == nil { // 416 is net/http's
				t.Errorf("%s: the error %s has no body", op, status)
			}
		}
	}
}

// TestDocumentClosesAnswers: an answer with a member that is not documented
// departs from the contract, so every object in an answer must say what it
// may hold. Settings, payloads and the context of a fault are open.
func TestDocumentClosesAnswers(t *testing.T) {
	open := []string{"FullSettings", "data", "ctx"}
	seen := map[*openapi3.Schema]bool{}
	var visit func(at, name string, s *openapi3.SchemaRef)
	visit = func(at, name string, s *openapi3.SchemaRef) {
		if s == nil || seen[s.Value] {
			return
		}
		if _, ref, found := strings.Cut(s.Ref, "schemas/"); found {
			name = ref
		}
		v := s.Value
		seen[v] = true
		closed := v.AdditionalProperties.Has != nil && !*v.AdditionalProperties.Has || v.AdditionalProperties.Schema != nil
		if v.Type.Is("object") && !closed && len(v.AllOf) == 0 && v.MaxProps == nil && !slices.Contains(open, name) {
			t.Errorf("%s: the object %s does not say additionalProperties", at, name)
		}
		for member, inner := range v.Properties {
			visit(at, member, inner)
		}
		for _, inner := range slices.Concat(v.AllOf, v.AnyOf, v.OneOf, openapi3.SchemaRefs{v.Items, v.AdditionalProperties.Schema}) {
			visit(at, name, inner)
		}
	}
	for _, op := range theContract(t).operations {
		for status, res := range op.Responses.Map() {
			for _, media := range res.Value.Content {
				visit(op.String()+" "+status, "", media.Schema)
			}
		}
	}
}

// TestDocumentSpeaksTheDomainsWords holds the words of the document to those of
// the domain.
func TestDocumentSpeaksTheDomainsWords(t *testing.T) {
	var labels, emojis, states, tasks []string
	for _, l := range domain.Labels {
		labels = append(labels, string(l.Name))
	}
	for _, e := range domain.Emojis {
		emojis = append(emojis, string(e))
	}
	for _, s := range domain.TreeStates {
		states = append(states, string(s))
	}
	tasks = append(tasks, string(domain.TaskRandom))
	for _, k := range slices.Concat(domain.TaskKinds[:], domain.NeverAvailable[:]) {
		tasks = append(tasks, string(k))
	}
	all := theContract(t).doc.Components.Schemas
	words := func(name string) (out []string) {
		for _, w := range all[name].Value.Enum {
			out = append(out, w.(string))
		}
		return out
	}
	members := func(name string) (out []string) {
		for member := range all[name].Value.Properties {
			out = append(out, member)
		}
		return out
	}
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"Label", words("Label"), labels},
		{"LabelValues", members("LabelValues"), labels},
		{"Emoji", words("Emoji"), emojis},
		{"TreeState", words("TreeState"), states},
		{"StateCounts", members("StateCounts"), states},
		{"TaskRequestType", words("TaskRequestType"), tasks},
		{"TasksAvailability", members("TasksAvailability"), tasks},
	} {
		slices.Sort(c.got)
		want := slices.Sorted(slices.Values(c.want))
		if d := cmp.Diff(want, c.got); d != "" {
			t.Errorf("%s (-domain +document):\n%s", c.name, d)
		}
	}
}

// TestDocumentKnowsThePolicy holds the model to what the log stores.
func TestDocumentKnowsThePolicy(t *testing.T) {
	text, _, err := schemas.EncodePayload(nil, campaign.Configured{Revision: 1, Policy: policy.Default()})
	if err != nil {
		t.Fatal(err)
	}
	var stored struct{ Policy map[string]any }
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	model := theContract(t).doc.Components.Schemas["Policy"].Value
	if err := model.VisitJSON(stored.Policy); err != nil {
		t.Error(err)
	}
}

func TestRoutesDiffer(t *testing.T) {
	doc := theContract(t).doc
	served := routesOf(doc, "/api/v1/")
	slices.Reverse(served)
	if d := routesDiffer(doc, "/api/v1/", served); d != "" {
		t.Errorf("the document differs from itself:\n%s", d)
	}
	if routesDiffer(doc, "/api/v1/", served[1:]) == "" {
		t.Error("a route that is not served was not missed")
	}
	if routesDiffer(doc, "/api/v1/", append(served, endpoint{"GET", "/api/v1/secrets"})) == "" {
		t.Error("a route that is not documented was not noticed")
	}
}
