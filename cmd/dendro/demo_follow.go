package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dendro/adapters/dataset"
	"dendro/domain"
	"dendro/domain/tree"
	projection "dendro/projections/dataset"
)

// follow tells the way of one message of the export: the best of its siblings
// that people had most to say about.
func (d *demo) follow(ctx context.Context, log domain.Log, m dataset.Manifest) error {
	row, err := d.choose(m)
	if err != nil {
		return err
	}
	end, err := log.End(ctx)
	if err != nil {
		return err
	}
	var history []domain.Recorded
	for r, err := range log.Read(ctx, log.Identity().Start(), end) {
		if err != nil {
			return err
		}
		if r.Stream == domain.TreeStream(*row.Tree) {
			history = append(history, r)
		}
	}
	d.say("  message %s", row.Message)
	d.say("  %s\n", d.lively(fmt.Sprintf("%q", clip(row.Text, 72))))
	for _, line := range chain(history, row.Message) {
		d.say("  %s %s %-20s %s", d.faint(line.at.Time.Format("01-02 15:04")), d.faint(fmt.Sprintf("%7s", line.at.Position)), line.at.Payload.Type(), line.text)
	}
	d.say("\n  line %d of %s:", row.Line, m.Files[0].Name)
	for _, line := range summary(row) {
		d.say("  %s", d.good(line))
	}
	return nil
}

// choose finds the message to follow in the export.
func (d *demo) choose(m dataset.Manifest) (best projection.Row, err error) {
	file, err := os.Open(filepath.Join(d.exportDir("now"), m.Files[0].Name))
	if err != nil {
		return best, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return best, err
	}
	most := -1
	for row, err := range projection.ReadRows(lines) {
		if err != nil {
			return best, err
		}
		if row.Rank == nil || *row.Rank != 0 || row.Tree == nil {
			continue
		}
		said := 0
		for _, e := range row.Emojis {
			if !strings.HasPrefix(string(e.Emoji), "_skip") {
				said += e.Count
			}
		}
		if said > most {
			best, most = row, said
		}
	}
	if most < 0 {
		return best, errors.New("no message of the export was ranked")
	}
	return best, nil
}

// link is one event in the life of a message, in words.
type link struct {
	at   domain.Recorded
	text string
}

// chain gives the events of a tree that one message rests on.
func chain(history []domain.Recorded, id domain.MessageID) []link {
	var posted tree.MessagePosted
	for _, r := range history {
		if e, ok := r.Payload.(tree.MessagePosted); ok && e.Message == id {
			posted = e
		}
	}
	var out []link
	for _, r := range history {
		if text := tell(r, posted); text != "" {
			out = append(out, link{r, text})
		}
	}
	return out
}

// tell says what the event means to the message, or nothing.
func tell(r domain.Recorded, m tree.MessagePosted) string {
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		if e.Task == m.Task {
			return fmt.Sprintf("%s is asked for %s", short(e.Contributor), strings.ReplaceAll(string(e.Kind), "_", " "))
		}
	case tree.TaskAcknowledged:
		if e.Task == m.Task {
			return "the frontend has it"
		}
	case tree.MessagePosted:
		if e.Message == m.Message {
			return fmt.Sprintf("%s hands in %d characters", short(e.Contributor), len([]rune(e.Text)))
		}
	case tree.LabelsSubmitted:
		if e.Message == m.Message {
			return fmt.Sprintf("%s %s: %s", short(e.Contributor), how(e), labels(e.Labels))
		}
	case tree.RankingSubmitted:
		switch i := slices.Index(e.Order, m.Message); {
		case i < 0:
		case e.NotRankable:
			return fmt.Sprintf("%s finds it and the replies beside it not rankable", short(e.Contributor))
		default:
			return fmt.Sprintf("%s puts it in place %d of %d", short(e.Contributor), i+1, len(e.Order))
		}
	case tree.RepliesRanked:
		if i := slices.Index(e.Replies, m.Message); i >= 0 && slices.Contains(e.Order, i) {
			return fmt.Sprintf("%d rankings merged: rank %d of %d", len(e.Ballots), slices.Index(e.Order, i), len(e.Order))
		}
	case tree.StateChanged:
		return fmt.Sprintf("the tree: %s → %s", e.From, e.To)
	default:
		return tellChange(r.Payload, m.Message)
	}
	return ""
}

func tellChange(payload domain.Event, id domain.MessageID) string {
	switch e := payload.(type) {
	case tree.MessageAccepted:
		if e.Message == id {
			return fmt.Sprintf("%d reviews, score %s", e.Reviews, e.Score)
		}
	case tree.EmojiAdded:
		if e.Message == id {
			return fmt.Sprintf("%s from %s", e.Emoji, short(e.Contributor))
		}
	case tree.EmojiRemoved:
		if e.Message == id {
			return fmt.Sprintf("%s taken back by %s", e.Emoji, short(e.Contributor))
		}
	case tree.MessageEdited:
		if e.Message == id {
			return e.Reason
		}
	case tree.MessageDeleted:
		if slices.Contains(e.Messages, id) {
			return e.Reason
		}
	case tree.MessageRestored:
		if slices.Contains(e.Messages, id) {
			return e.Reason
		}
	}
	return ""
}

func how(e tree.LabelsSubmitted) string {
	if e.Task.IsZero() {
		return "labels it freely"
	}
	return "reviews it"
}

// labels names the first few.
func labels(all []tree.LabelValue) string {
	var out []string
	for _, l := range all {
		switch l.Label {
		case domain.LabelSpam, domain.LabelQuality, "helpfulness", "humor":
			out = append(out, fmt.Sprintf("%s %s", l.Label, l.Value))
		}
	}
	if rest := len(all) - len(out); rest > 0 {
		out = append(out, fmt.Sprintf("%d more", rest))
	}
	return strings.Join(out, ", ")
}

// short tells contributors apart; they have no names here.
func short(id domain.ContributorID) string {
	s := id.String()
	return "#" + s[len(s)-4:]
}

// summary gives a row's figures in the words of the dataset: in one line what
// was decided, in another what people said.
func summary(row projection.Row) []string {
	parts := []string{fmt.Sprintf("role %s, lang %s", row.Role, row.Lang)}
	if row.ReviewCount != nil && row.ReviewResult != nil {
		parts = append(parts, fmt.Sprintf("review_count %d, review_result %t", *row.ReviewCount, *row.ReviewResult))
	}
	decided := strings.Join(append(parts, fmt.Sprintf("rank %d", *row.Rank)), ", ")
	parts = nil
	for _, l := range row.Labels {
		if l.Label == domain.LabelQuality || l.Label == domain.LabelSpam {
			parts = append(parts, fmt.Sprintf("%s %s of %d", l.Label, clip(l.Mean.String(), 6), l.Count))
		}
	}
	for _, e := range row.Emojis {
		parts = append(parts, fmt.Sprintf("%s %d", e.Emoji, e.Count))
	}
	return []string{decided, strings.Join(parts, ", ")}
}
