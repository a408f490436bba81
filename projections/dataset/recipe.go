package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Variant is which trees and messages a dataset is made of (spec: dataset §2).
type Variant string

// The variants.
const (
	// Ready holds the accepted messages of trees in ready_for_export.
	Ready Variant = "ready"
	// All holds the messages of every tree with a prompt, accepted or not.
	All Variant = "all"
)

// Format is the shape of a dataset's lines (spec: dataset §3).
type Format string

// The formats.
const (
	Trees    Format = "trees"    // one tree a line
	Messages Format = "messages" // one message a line
)

// Deleted tells what becomes of deleted messages.
type Deleted string

// What can become of deleted messages.
const (
	// DeletedNot leaves them out.
	DeletedNot Deleted = ""
	// DeletedInclude takes them like any other.
	DeletedInclude Deleted = "include"
	// DeletedOnly takes nothing else. In the trees format they hang from their
	// ancestors, which are shown for that reason whether deleted or not.
	DeletedOnly Deleted = "only"
)

// Events tells whether raw votes stand with their messages.
type Events string

// What can become of raw votes.
const (
	// EventsNot leaves them out.
	EventsNot Events = ""
	// EventsInclude puts all there are on a message under its key "events".
	EventsInclude Events = "include"
)

// Recipe says what a dataset is made of. A message is in only if all its
// ancestors satisfy the variant too, and, without deleted messages, are all
// undeleted: so nothing hangs in the air, and both formats hold the same
// messages.
//
// A recipe has one canonical form, a JSON object with its keys in the order of
// the fields; a field that is at its default is left out, so a field that comes
// later leaves the digests of earlier recipes as they are.
type Recipe struct {
	Variant Variant
	Format  Format
	Deleted Deleted
	Events  Events
}

// maxRecipe bounds the text of a recipe.
const maxRecipe = 64 << 10

// Validate tells in one line what is wrong with the recipe.
func (r Recipe) Validate() error {
	for _, f := range r.fields() {
		if !slices.Contains(f.allowed, *f.value) {
			return fmt.Errorf("recipe: %s is %q; it can be %q", f.key, *f.value, f.allowed)
		}
	}
	return nil
}

// field is one key of a recipe. One whose values allow "" has that default.
type field struct {
	key     string
	value   *string
	allowed []string
}

func (r *Recipe) fields() []field {
	return []field{
		{"variant", (*string)(&r.Variant), []string{string(Ready), string(All)}},
		{"format", (*string)(&r.Format), []string{string(Trees), string(Messages)}},
		{"deleted", (*string)(&r.Deleted), []string{string(DeletedNot), string(DeletedInclude), string(DeletedOnly)}},
		{"events", (*string)(&r.Events), []string{string(EventsNot), string(EventsInclude)}},
	}
}

// MarshalJSON writes the canonical form.
func (r Recipe) MarshalJSON() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for _, f := range r.fields() {
		if *f.value == "" {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = AppendString(append(AppendString(out, f.key), ':'), *f.value)
	}
	return append(out, '}'), nil
}

// Digest is "sha256:" and the hexadecimal SHA-256 of the canonical form. The
// recipe must be valid.
func (r Recipe) Digest() string {
	canonical, err := r.MarshalJSON()
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ReadRecipe reads a recipe in any spacing and order of keys. Unknown keys and
// values, and keys given twice, are refused.
func ReadRecipe(from io.Reader) (Recipe, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxRecipe+1))
	if err != nil {
		return Recipe{}, fmt.Errorf("reading a recipe: %w", err)
	}
	var r Recipe
	return r, r.UnmarshalJSON(text)
}

// UnmarshalJSON reads what ReadRecipe reads.
func (r *Recipe) UnmarshalJSON(text []byte) error {
	if len(text) > maxRecipe {
		return fmt.Errorf("recipe: longer than %d bytes", maxRecipe)
	}
	var got Recipe
	in := json.NewDecoder(bytes.NewReader(text))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("recipe: not a JSON object such as %s", `{"variant":"ready","format":"trees"}`)
	}
	seen := map[string]bool{}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return fmt.Errorf("recipe: %w", err)
		}
		name := key.(string) // Token gives nothing else for an object's key
		i := slices.IndexFunc(got.fields(), func(f field) bool { return f.key == name })
		switch {
		case i < 0:
			return fmt.Errorf("recipe: unknown field %q", name)
		case seen[name]:
			return fmt.Errorf("recipe: field %q stands there twice", name)
		}
		seen[name] = true
		var value any
		if err := in.Decode(&value); err != nil {
			return fmt.Errorf("recipe: field %q: %w", name, err)
		}
		word, ok := value.(string)
		if !ok {
			return fmt.Errorf("recipe: field %q must be a string", name)
		}
		*got.fields()[i].value = word
	}
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return fmt.Errorf("recipe: there is more behind its object")
	}
	if err := got.Validate(); err != nil {
		return err
	}
	*r = got
	return nil
}
