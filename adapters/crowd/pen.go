package crowd

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"dendro/domain"
)

// phrases is what a language's texts are put together from. In asks, follows,
// claims and spams %s stands for a topic; in details and spams %d for a number.
type phrases struct {
	asks    []string // first prompts
	details []string // after an ask
	follows []string // what prompters go on with
	claims  []string // sentences of replies
	spams   []string
	rude    []string
	topics  []string
	join    string // between sentences
}

// Pen writes the texts. Each is new as far as the pen remembers: a text that
// was there is written again. Not for concurrent use.
type Pen struct {
	dice    *domain.Dice
	written map[[16]byte]bool
}

// mostWritten bounds the texts that a pen remembers; then it begins anew.
const mostWritten = 1 << 16

// NewPen makes a pen that chooses its words with the dice.
func NewPen(dice *domain.Dice) *Pen { return &Pen{dice: dice, written: map[[16]byte]bool{}} }

// fresh repeats writing until the text is new, with a number after it at last.
func (p *Pen) fresh(write func() string) string {
	for try := 0; ; try++ {
		s := write()
		if try > 4 {
			s = fmt.Sprintf("%s (%d)", s, 2+p.dice.Below(1_000_000))
		}
		sum := sha256.Sum256([]byte(s))
		key := [16]byte(sum[:16])
		if !p.written[key] {
			p.note(key)
			return s
		}
	}
}

func (p *Pen) note(key [16]byte) {
	if len(p.written) >= mostWritten {
		clear(p.written)
	}
	p.written[key] = true
}

func (p *Pen) of(list []string) string { return list[p.dice.Below(len(list))] }

func (p *Pen) words(language string) *phrases {
	if w, ok := vocabulary[language]; ok {
		return w
	}
	return vocabulary["en"]
}

// Text writes what a task of the kind asks for.
func (p *Pen) Text(language string, kind domain.TaskKind) string {
	w := p.words(language)
	switch kind {
	case domain.TaskInitialPrompt:
		return p.fresh(func() string { return p.prompt(w) })
	case domain.TaskPrompterReply:
		return p.fresh(func() string { return p.follow(w) })
	default:
		return p.fresh(func() string { return p.reply(w) })
	}
}

func (p *Pen) about(pattern, topic string) string { return strings.ReplaceAll(pattern, "%s", topic) }

func (p *Pen) counted(pattern string, most int) string {
	return strings.ReplaceAll(pattern, "%d", fmt.Sprint(2+p.dice.Below(most)))
}

func (p *Pen) prompt(w *phrases) string {
	s := p.about(p.of(w.asks), p.of(w.topics))
	if p.dice.Chance(3, 4) {
		s += w.join + p.counted(p.of(w.details), 60)
	}
	return s
}

func (p *Pen) follow(w *phrases) string {
	s := p.about(p.of(w.follows), p.of(w.topics))
	if p.dice.Chance(1, 3) {
		s += w.join + p.counted(p.of(w.details), 20)
	}
	return s
}

// reply is two to thirteen sentences, seven or eight on average, in paragraphs
// or as a list: about five hundred characters where letters are the script.
func (p *Pen) reply(w *phrases) string {
	n := 2 + p.dice.Below(5) + p.dice.Below(8)
	listed := n > 3 && p.dice.Chance(1, 4)
	main := p.of(w.topics)
	var b strings.Builder
	for i := range n {
		topic := main
		if p.dice.Chance(1, 2) {
			topic = p.of(w.topics)
		}
		switch {
		case listed && i > 0:
			fmt.Fprintf(&b, "\n%d. ", i)
		case i > 0 && p.dice.Chance(1, 5):
			b.WriteString("\n\n")
		case i > 0:
			b.WriteString(w.join)
		}
		b.WriteString(p.counted(p.about(p.of(w.claims), topic), 40))
	}
	return b.String()
}

// Spam writes an advertisement.
func (p *Pen) Spam(language string) string {
	w := p.words(language)
	return p.fresh(func() string { return p.counted(p.about(p.of(w.spams), p.of(w.topics)), 9000) })
}

// Rude writes an insult.
func (p *Pen) Rude(language string) string {
	w := p.words(language)
	return p.fresh(func() string { return p.about(p.of(w.rude), p.of(w.topics)) })
}
