package dataset_test

import (
	"encoding/json"
	"strings"
	"testing"

	"dendro/projections/dataset"
)

// The canonical form and its digest are in manifests for ever.
func TestRecipeIsCanonical(t *testing.T) {
	r, err := dataset.ReadRecipe(strings.NewReader(" {\"format\" :\"trees\",\n \"deleted\":\"\",\"variant\":\"ready\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(r)
	if want := `{"variant":"ready","format":"trees"}`; err != nil || string(got) != want {
		t.Errorf("canonical form %s, %v; want %s", got, err, want)
	}
	if got, want := r.Digest(), "sha256:435f34dc2c7f47a08936633585c52bf8c91a65c6544fb24c2d4bf8a66564cfa2"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	for _, r := range recipes {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := dataset.ReadRecipe(strings.NewReader(string(text)))
		if err != nil || back != r {
			t.Errorf("%s came back as %+v, %v", text, back, err)
		}
	}
}

func TestRecipeRefusals(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    "not a JSON object",
		`[]`:                                  "not a JSON object",
		`{"variant":"ready"}`:                 `format is ""`,
		`{"variant":"best","format":"trees"}`: `variant is "best"`,
		`{"variant":"all","format":"trees","deleted":"no"}`:  `deleted is "no"`,
		`{"variant":"all","format":"trees","spam":"only"}`:   `unknown field "spam"`,
		`{"Variant":"all","format":"trees"}`:                 `unknown field "Variant"`,
		`{"variant":"all","format":"trees","variant":"all"}`: "twice",
		`{"variant":1,"format":"trees"}`:                     "must be a string",
		`{"variant":"all","format":"trees"} {}`:              "more behind",
		`{"variant":"all","format":"trees"`:                  "EOF",
	} {
		if r, err := dataset.ReadRecipe(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want an error with %q", text, r, err, want)
		}
	}
}
