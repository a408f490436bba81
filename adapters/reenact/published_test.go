package reenact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/projections/dataset"
)

// published generates files such as campaigns under the rules could have
// published: for each message it makes up its votes, and publishes their means.
type published struct {
	t     *rapid.T
	lists bool // in the shape of lists, with nulls
	lang  string
	now   time.Time
	lines []*line
}

// line is one message before it is written.
type line struct {
	json     map[string]any
	parent   *line
	replies  []*line
	depth    int
	accepted bool
	gone     bool // not among those that are ranked
}

func (p *published) chance(parts int, label string) bool {
	return rapid.IntRange(0, 99).Draw(p.t, label) < parts
}

func (p *published) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(p.t, label)
}

func testID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761%(1<<32), n) }

// message adds one with the verdict "accepted", "rejected" or "open".
func (p *published) message(parent *line, verdict string) *line {
	p.now = p.now.Add(time.Duration(rapid.IntRange(0, 90_000_000).Draw(p.t, "pause")) * time.Millisecond)
	n := len(p.lines) + 1
	m := &line{parent: parent, accepted: verdict == "accepted"}
	role := domain.Prompter
	m.json = map[string]any{
		"message_id": testID(n), "user_id": testID(100_000 + n%5),
		"created_date": p.now.Format(dataset.TimeForm), "lang": p.lang, "deleted": false,
		"text": fmt.Sprintf("%s %d", p.pick("text", "¿Qué tal?", "Ação & reação <b>", "línea\nnueva\t\"cita\"", "ёж 🦔 \u2028", "\x01 o\\k"), n),
	}
	if parent != nil {
		parent.replies = append(parent.replies, m)
		m.depth = parent.depth + 1
		role = domain.Role(parent.json["role"].(string)).Other()
		m.json["parent_id"] = parent.json["message_id"]
	}
	m.json["role"] = string(role)
	p.votes(m, role, verdict)
	p.react(m)
	p.lines = append(p.lines, m)
	return m
}

// votes publishes the means of reviews that lead to the verdict, and of free
// label sets that say anything.
func (p *published) votes(m *line, role domain.Role, verdict string) {
	reviews, marks := rapid.IntRange(3, 5).Draw(p.t, "reviews"), 0
	switch verdict {
	case "accepted":
		m.json["review_result"] = true
		marks = rapid.IntRange(0, 1).Draw(p.t, "marks")
	case "rejected":
		m.json["review_result"] = false
		marks = rapid.IntRange(2, reviews).Draw(p.t, "marks") // 2 of 5 are 0.4, and 0.6 is not above 0.6
	default:
		reviews = rapid.IntRange(0, 2).Draw(p.t, "few")
	}
	m.json["review_count"] = reviews
	sum, count := map[domain.Label]int{}, map[domain.Label]int{} // in quarters
	vote := func(l domain.Label, quarters int) { sum[l], count[l] = sum[l]+quarters, count[l]+1 }
	grid := func(l domain.Label) int {
		if domain.Labels[l.Index()].Widget == domain.Likert {
			return rapid.IntRange(0, 4).Draw(p.t, "value")
		}
		return 4 * rapid.IntRange(0, 1).Draw(p.t, "flag")
	}
	for i := range reviews {
		spam, mismatch := 0, 0
		if i < marks {
			if spam = 4; p.chance(30, "mismatched") {
				spam, mismatch = 0, 4
			}
		}
		vote(domain.LabelSpam, spam)
		if mismatch > 0 || p.chance(60, "answered") {
			vote(domain.LabelLangMismatch, mismatch)
		}
		for _, l := range domain.LabelsAsked(role)[2:] {
			if l != domain.LabelLangMismatch && p.chance(70, "asked") {
				vote(l, grid(l))
			}
		}
	}
	for range rapid.IntRange(0, 2).Draw(p.t, "free sets") {
		for _, l := range domain.LabelsFree() {
			if p.chance(25, "given") {
				vote(l, grid(l))
			}
		}
	}
	labels := map[string]any{}
	for l, n := range count {
		labels[string(l)] = map[string]any{"value": float64(sum[l]) / 4 / float64(n), "count": n}
	}
	m.json["labels"] = labels
}

func (p *published) react(m *line) {
	emojis := map[string]any{}
	for _, e := range domain.Emojis {
		if e != domain.EmojiRedFlag && p.chance(15, "reacted") {
			emojis[string(e)] = rapid.IntRange(1, 5).Draw(p.t, "times")
		}
	}
	m.json["emojis"] = emojis
}

// tree publishes one tree in the state.
func (p *published) tree(state domain.TreeState) {
	from := len(p.lines)
	switch state {
	case domain.InitialPromptReview:
		p.message(nil, "open")
	case domain.PromptLotteryWaiting:
		p.message(nil, "accepted")
	case domain.AbortedLowGrade:
		p.aborted()
	case domain.HaltedByModerator, domain.Growing:
		root := p.message(nil, p.pick("verdict", "accepted", "accepted", "open"))
		if root.accepted || state == domain.Growing {
			p.force(root)
			p.grow(root)
			p.fell(from)
		}
		if p.chance(20, "flagged") {
			p.lines[from].json["emojis"] = map[string]any{"red_flag": 6, "_skip_reply": 30}
		}
	default:
		p.grown(state)
	}
	for _, m := range p.lines[from:] {
		m.json["tree_state"], m.json["message_tree_id"] = string(state), p.lines[from].json["message_id"]
	}
}

// force makes an open prompt an accepted one.
func (p *published) force(m *line) {
	if !m.accepted {
		m.accepted = true
		m.json["review_result"], m.json["review_count"] = true, 3
		m.json["labels"] = map[string]any{"spam": map[string]any{"value": 1.0 / 3, "count": 3}}
	}
}

func (p *published) aborted() {
	verdict := p.pick("verdict", "rejected", "open", "accepted")
	root := p.message(nil, verdict)
	if verdict == "accepted" {
		p.grow(root)
	}
	if verdict != "rejected" {
		root.json["emojis"] = map[string]any{"red_flag": rapid.IntRange(4, 9).Draw(p.t, "flags")}
	}
}

// grow adds replies in a growing tree.
func (p *published) grow(root *line) {
	open := []*line{root}
	for range rapid.IntRange(0, 7).Draw(p.t, "replies") {
		parent := rapid.SampledFrom(open).Draw(p.t, "parent")
		if m := p.message(parent, p.pick("verdict", "accepted", "accepted", "accepted", "rejected", "open")); m.accepted && m.depth < 5 {
			open = append(open, m)
		}
	}
}

// fell deletes some leaves of the tree that begins at the line.
func (p *published) fell(from int) {
	for _, m := range p.lines[from:] {
		if m.parent != nil && len(m.replies) == 0 && p.chance(20, "deleted") {
			m.json["deleted"] = true
		}
	}
}

// grown publishes a tree that reached its goal, with an accepted last reply.
// Some leaves had been deleted before the rankings, or away for that time;
// others were deleted afterwards.
func (p *published) grown(state domain.TreeState) {
	from := len(p.lines)
	root := p.message(nil, "accepted")
	p.grow(root)
	p.message(root, "accepted")
	p.message(root, "accepted")
	for _, m := range p.lines[from : len(p.lines)-2] {
		if m.parent != nil && m.accepted && len(m.replies) == 0 {
			m.gone = p.chance(20, "gone")
		}
	}
	if state != domain.ReadyForExport {
		return // deletions could leave nothing to rank
	}
	p.fell(from)
	for _, m := range p.lines[from:] {
		var group []*line
		for _, r := range m.replies {
			if r.accepted && !r.gone {
				group = append(group, r)
			}
		}
		if len(group) >= 2 && p.chance(80, "ranked") {
			order := make([]int, len(group))
			for i := range order {
				order[i] = i
			}
			for i, rank := range rapid.Permutation(order).Draw(p.t, "ranks") {
				group[i].json["rank"] = rank
			}
		}
	}
}

// file writes the lines in either shape.
func (p *published) file() []byte {
	var out bytes.Buffer
	for _, m := range p.lines {
		row := m.json
		if p.lists {
			row = map[string]any{"parent_id": nil, "rank": nil, "review_result": nil, "model_name": nil, "synthetic": false, "detoxify": nil}
			for k, v := range m.json {
				row[k] = v
			}
			row["emojis"], row["labels"] = lists(row["emojis"], false), lists(row["labels"], true)
		}
		text, err := json.Marshal(row)
		if err != nil {
			p.t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	return out.Bytes()
}

func lists(object any, values bool) any {
	names, counts, means := []string{}, []any{}, []any{}
	for name := range object.(map[string]any) {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if l, ok := object.(map[string]any)[name].(map[string]any); ok {
			counts, means = append(counts, l["count"]), append(means, l["value"])
		} else {
			counts = append(counts, object.(map[string]any)[name])
		}
	}
	if values {
		return map[string]any{"name": names, "value": means, "count": counts}
	}
	return map[string]any{"name": names, "count": counts}
}

// TestWhatTheRulesMadeIsReproduced: of files that came about under the rules
// every row comes out again, in every state, shape and language.
func TestWhatTheRulesMadeIsReproduced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &published{t: t, lists: rapid.Bool().Draw(t, "lists"), now: time.Date(2024, 2, 28, 23, 0, 0, 0, time.UTC)}
		states := []domain.TreeState{
			domain.ReadyForExport, domain.ReadyForExport, domain.Ranking, domain.Growing, domain.PromptLotteryWaiting,
			domain.InitialPromptReview, domain.AbortedLowGrade, domain.HaltedByModerator,
		}
		for range rapid.IntRange(1, 5).Draw(t, "trees") {
			p.lang = p.pick("lang", "es", "pt-BR", "zh")
			p.tree(rapid.SampledFrom(states).Draw(t, "state"))
		}
		file, err := Read(bytes.NewReader(p.file()))
		if err != nil {
			t.Fatal(err)
		}
		report, _ := perform(t, file.Rows)
		for _, f := range report.Findings {
			t.Errorf("%s", f)
		}
	})
}
