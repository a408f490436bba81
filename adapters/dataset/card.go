package dataset

import (
	"fmt"
	"strings"
	"time"

	"dendro/domain/decimal"
	projection "dendro/projections/dataset"
)

// card is the README of an export, with the front matter that Hugging Face
// reads.
func card(m Manifest, c projection.Composition, campaign, license string, newest time.Time) []byte {
	var b strings.Builder
	file := m.Files[0]
	quote := func(s string) string { return string(projection.AppendString(nil, s)) } // is valid YAML
	b.WriteString("---\n")
	fmt.Fprintf(&b, "license: %s\n", license)
	if len(c.Languages) > 0 {
		// Quoted, because a bare no is false in YAML and not Norwegian.
		b.WriteString("language:\n")
		for _, l := range c.Languages {
			fmt.Fprintf(&b, "- %s\n", quote(l.Name))
		}
	}
	fmt.Fprintf(&b, "pretty_name: %s\n", quote(title(m, campaign)))
	fmt.Fprintf(&b, "size_categories:\n- %s\n", sizeCategory(file.Rows))
	b.WriteString("configs:\n- config_name: default\n  data_files:\n  - split: train\n")
	fmt.Fprintf(&b, "    path: %s\n---\n\n", quote(file.Name))

	fmt.Fprintf(&b, "# %s\n\n", title(m, campaign))
	fmt.Fprintf(&b, "Conversation trees, collected message by message and rated by people. %s %s\n", variantText[m.Recipe.Variant], formatText[m.Recipe.Format])
	b.WriteString(deletedText[m.Recipe.Deleted])
	fmt.Fprintf(&b, "\nThe newest event in it is of %s.\n\n", newest.UTC().Format(time.DateOnly))
	fmt.Fprintf(&b, "| file | rows | bytes | SHA-256 |\n|---|---:|---:|---|\n| %s | %d | %d | `%s` |\n", file.Name, file.Rows, file.Bytes, file.SHA256)

	b.WriteString("\n## Composition\n\n")
	fmt.Fprintf(&b, "%d messages of %d contributors in %d trees; %d messages are deleted, %d synthetic.\n", c.Messages, c.Contributors, c.Trees, c.Deleted, c.Synthetic)
	table(&b, "trees by state", c.States)
	table(&b, "messages by role", c.Roles)
	table(&b, "messages by language", c.Languages)
	table(&b, "messages by review result", c.Results)
	table(&b, "emojis", c.Emojis)
	if len(c.Labels) > 0 {
		b.WriteString("\n| label | mean | label sets |\n|---|---:|---:|\n")
		for _, l := range c.Labels {
			fmt.Fprintf(&b, "| %s | %s | %d |\n", cell(string(l.Label)), thousandths(l.Mean), l.Sets)
		}
	}

	b.WriteString("\n## Provenance\n\n")
	fmt.Fprintf(&b, "Made by %s from log `%s` at the cut `%s`", m.Engine, m.Log, m.Cut)
	if m.At != nil {
		fmt.Fprintf(&b, ", which is all that happened up to %s", *m.At)
	}
	recipe := m.Recipe.Digest()
	fmt.Fprintf(&b, ".\nThe recipe's digest is `%s`.\nThe digest of the uncompressed lines is `%s`.\n", recipe, m.Digest)
	fmt.Fprintf(&b, "`%s` has all that is needed to make the same bytes from the log again:\n`dendro export --verify` does it, and compares.\n", manifestName)
	return []byte(b.String())
}

var (
	variantText = map[projection.Variant]string{
		projection.Ready: "Holds the accepted messages of finished trees.",
		projection.All:   "Holds every tree that has a prompt, finished or not, with messages accepted or not.",
	}
	formatText = map[projection.Format]string{
		projection.Trees:    "Each line is one tree.",
		projection.Messages: "Each line is one message.",
	}
	deletedText = map[projection.Deleted]string{
		projection.DeletedNot:     "Deleted messages are left out.\n",
		projection.DeletedInclude: "Deleted messages are in, and marked.\n",
		projection.DeletedOnly:    "Of these, it holds deleted messages only; in trees, with the messages that they hang from.\n",
	}
)

func title(m Manifest, campaign string) string {
	return fmt.Sprintf("%s, %s %s", campaign, m.Recipe.Variant, m.Recipe.Format)
}

func table(b *strings.Builder, name string, counts []projection.Count) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | count |\n|---|---:|\n", name)
	for _, c := range counts {
		fmt.Fprintf(b, "| %s | %d |\n", cell(c.Name), c.N)
	}
}

// cell keeps a name from breaking its table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "`", "'", "<", "&lt;", "_", `\_`).Replace(s)
}

// thousandths writes a number in [0, 1] with three digits behind the point,
// rounded half up.
func thousandths(d decimal.Decimal) string {
	n := (d.Billionths() + 500_000) / 1_000_000
	return fmt.Sprintf("%d.%03d", n/1000, n%1000)
}

func sizeCategory(rows int64) string {
	steps := []struct {
		below int64
		name  string
	}{
		{1e3, "n<1K"}, {1e4, "1K<n<10K"}, {1e5, "10K<n<100K"}, {1e6, "100K<n<1M"},
		{1e7, "1M<n<10M"}, {1e8, "10M<n<100M"}, {1e9, "100M<n<1B"},
		{1e10, "1B<n<10B"}, {1e11, "10B<n<100B"}, {1e12, "100B<n<1T"},
	}
	for _, s := range steps {
		if rows < s.below {
			return s.name
		}
	}
	return "n>1T"
}
