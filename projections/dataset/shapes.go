package dataset

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// columns is the shape of a struct of lists, in which the Hugging Face
// datasets hold what is an object of many keys here.
type columns struct {
	Name  []string      `json:"name"`
	Value []json.Number `json:"value"`
	Count []int         `json:"count"`
}

// readColumns reads the shape of lists, and reports whether it is that: the
// key "name" with a list can be nothing else.
func readColumns(text []byte, values bool) (c columns, ok bool, err error) {
	var probe struct {
		Name json.RawMessage `json:"name"`
	}
	if err := json.Unmarshal(text, &probe); err != nil {
		return c, false, explainJSON(err)
	}
	if !bytes.HasPrefix(probe.Name, []byte("[")) {
		return c, false, nil
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, true, explainJSON(err)
	}
	if len(c.Name) != len(c.Count) || values && len(c.Name) != len(c.Value) {
		return c, true, errors.New("the lists are of different lengths")
	}
	return c, true, nil
}

func absent(text json.RawMessage) bool { return len(text) == 0 || string(text) == "null" }

func parseEmojis(text json.RawMessage) ([]tree.EmojiCount, error) {
	if absent(text) {
		return nil, nil
	}
	var out []tree.EmojiCount
	lists, ok, err := readColumns(text, false)
	if err != nil {
		return nil, err
	}
	if ok {
		for i, name := range lists.Name {
			out = append(out, tree.EmojiCount{Emoji: domain.Emoji(name), Count: lists.Count[i]})
		}
	} else {
		var object map[domain.Emoji]int
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, explainJSON(err)
		}
		for name, n := range object {
			out = append(out, tree.EmojiCount{Emoji: name, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b tree.EmojiCount) int { return byEmoji(a.Emoji, b.Emoji) })
	for i, e := range out {
		if err := countFits(e.Count); err != nil {
			return nil, fmt.Errorf("%q: %w", clip(string(e.Emoji)), err)
		}
		if i > 0 && out[i-1].Emoji == e.Emoji {
			return nil, fmt.Errorf("%q stands there twice", clip(string(e.Emoji)))
		}
	}
	return out, nil
}

func parseLabels(text json.RawMessage) ([]tree.LabelMean, error) {
	if absent(text) {
		return nil, nil
	}
	var out []tree.LabelMean
	lists, ok, err := readColumns(text, true)
	if err != nil {
		return nil, err
	}
	if ok {
		for i, name := range lists.Name {
			mean, err := decimal.Parse(string(lists.Value[i]))
			if err != nil {
				return nil, err
			}
			out = append(out, tree.LabelMean{Label: domain.Label(name), Mean: mean, Count: lists.Count[i]})
		}
	} else {
		var object map[domain.Label]struct {
			Value *decimal.Decimal `json:"value"`
			Count *int             `json:"count"`
		}
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, explainJSON(err)
		}
		for name, l := range object {
			if l.Value == nil || l.Count == nil {
				return nil, fmt.Errorf("%q lacks its value or its count", clip(string(name)))
			}
			out = append(out, tree.LabelMean{Label: name, Mean: *l.Value, Count: *l.Count})
		}
	}
	slices.SortFunc(out, func(a, b tree.LabelMean) int { return byLabel(a.Label, b.Label) })
	for i, l := range out {
		if err := countFits(l.Count); err != nil {
			return nil, fmt.Errorf("%q: %w", clip(string(l.Label)), err)
		}
		if !l.Mean.Within01() {
			return nil, fmt.Errorf("%q: its mean is not in [0, 1]", clip(string(l.Label)))
		}
		if i > 0 && out[i-1].Label == l.Label {
			return nil, fmt.Errorf("%q stands there twice", clip(string(l.Label)))
		}
	}
	return out, nil
}

func parseScores(text json.RawMessage) ([]tree.Score, error) {
	if absent(text) {
		return nil, nil
	}
	var object map[string]*decimal.Decimal
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, explainJSON(err)
	}
	var out []tree.Score
	for name, value := range object {
		if value != nil {
			out = append(out, tree.Score{Name: name, Value: *value})
		}
	}
	slices.SortFunc(out, byScore)
	return out, nil
}

// countFits refuses what no column of 32 bits can hold.
func countFits(n int) error {
	if n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("the count %d is not between 0 and %d", n, math.MaxInt32)
	}
	return nil
}

func byLabel(a, b domain.Label) int {
	return cmp.Or(cmp.Compare(uint(a.Index()), uint(b.Index())), cmp.Compare(a, b))
}
