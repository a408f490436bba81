package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"dendro/domain/decimal"
	"dendro/domain/policy"
)

// AppendPolicy appends the policy as one JSON object, with the parameters under
// the names and in the order that events have them. On error dst is returned
// as it was.
func AppendPolicy(dst []byte, p policy.Policy) ([]byte, error) {
	w := wire{buf: dst}
	object(&w, &p, policyMembers)
	if w.err != nil {
		return dst, w.err
	}
	return w.buf, nil
}

// PolicyProblem is a parameter that can't stand as it was given.
type PolicyProblem struct {
	Parameter string // "" when the policy as a whole is meant
	Unknown   bool   // there is no such parameter
	Why       string // what to give instead
}

// MergePolicy gives over with those parameters replaced that the JSON object
// raw holds: a part of a policy, or all of it. Numbers are taken as they stand,
// in any notation of JSON. It tells everything that is of the wrong form, in
// the order of raw, and then gives over. Whether the policy makes sense is
// Validate's business.
func MergePolicy(over policy.Policy, raw []byte) (policy.Policy, []PolicyProblem) {
	given, err := parseMembers(raw)
	if err != nil {
		return over, []PolicyProblem{{Why: err.Error()}}
	}
	m, err := newMerger(over)
	if err != nil {
		return over, []PolicyProblem{{Why: err.Error()}}
	}
	var problems []PolicyProblem
	for _, g := range given {
		if p := m.set(g); p.Why != "" {
			p.Parameter = g.key
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return over, problems
	}
	return m.policy, nil
}

// merger is a policy and its canonical members.
type merger struct {
	policy policy.Policy
	all    []policyMember
	seen   map[string]bool
}

func newMerger(over policy.Policy) (*merger, error) {
	text, err := AppendPolicy(nil, over)
	if err != nil {
		return nil, err
	}
	all, err := parseMembers(text)
	return &merger{policy: over, all: all, seen: map[string]bool{}}, err
}

// set puts a value in place, or tells why it can't stand there.
func (m *merger) set(given policyMember) PolicyProblem {
	at := slices.IndexFunc(m.all, func(a policyMember) bool { return a.key == given.key })
	switch {
	case at < 0:
		return PolicyProblem{Unknown: true, Why: "there is no such parameter"}
	case m.seen[given.key]:
		return PolicyProblem{Why: "this is given twice"}
	}
	m.seen[given.key] = true
	before := m.all[at].value
	value, why := likeThat(given.value, before)
	if why != "" {
		return PolicyProblem{Why: why}
	}
	m.all[at].value = value
	merged, err := decodePolicy(m.all)
	if err != nil { // of the right kind, so it is a number
		m.all[at].value = before
		return PolicyProblem{Why: "give a whole number, and not so large a one"}
	}
	m.policy = merged
	return PolicyProblem{}
}

// policyMember is one parameter in its JSON.
type policyMember struct {
	key   string
	value json.RawMessage
}

var (
	errNoObject = errors.New("give parameters by name, as an object")
	errNotJSON  = errors.New("it is no JSON")
)

// parseMembers takes an object apart, in its order.
func parseMembers(raw []byte) ([]policyMember, error) {
	if !utf8.Valid(raw) {
		return nil, errUTF8
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	var out []policyMember
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return nil, errNotJSON
		}
		m := policyMember{key: key.(string)} // Token gives nothing else for an object's key
		if err := in.Decode(&m.value); err != nil {
			return nil, errNotJSON
		}
		out = append(out, m)
	}
	if _, err := in.Token(); err != nil { // its brace
		return nil, errNotJSON
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return out, nil
}

// likeThat gives the canonical form of a value of the same kind as that one, or
// tells what to give.
func likeThat(value, that json.RawMessage) (json.RawMessage, string) {
	switch that[0] {
	case '[':
		return canonicalNames(value)
	case 't', 'f':
		if s := string(value); s != "true" && s != "false" {
			return nil, "give true or false"
		}
		return value, ""
	}
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		return nil, "give a number"
	}
	x, err := decimal.Parse(string(value))
	if err != nil {
		return nil, "give a number of fewer digits"
	}
	return json.RawMessage(x.String()), ""
}

func canonicalNames(value json.RawMessage) (json.RawMessage, string) {
	const expected = "give a list of names"
	var list []any
	if err := json.Unmarshal(value, &list); err != nil || list == nil {
		return nil, expected
	}
	out := json.RawMessage{'['}
	for i, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, expected
		}
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendText(out, s); err != nil {
			return nil, err.Error()
		}
	}
	return append(out, ']'), ""
}

// decodePolicy reads a policy from all of its members.
func decodePolicy(all []policyMember) (policy.Policy, error) {
	text := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), m.key...), '"', ':')
		text = append(text, m.value...)
	}
	w, p := wire{buf: append(text, '}'), reading: true}, policy.Policy{}
	object(&w, &p, policyMembers)
	return p, w.err
}
