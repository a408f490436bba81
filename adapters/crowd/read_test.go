package crowd

import (
	"testing"

	"dendro/domain"
)

// TestReadersRecognise: what the pen writes is taken for what it was meant to
// be, in every language.
func TestReadersRecognise(t *testing.T) {
	pen := NewPen(domain.NewDice(1))
	for language := range vocabulary {
		for range 200 {
			good := map[string]bool{}
			for _, kind := range []domain.TaskKind{domain.TaskInitialPrompt, domain.TaskPrompterReply, domain.TaskAssistantReply} {
				good[pen.Text(language, kind)] = true
			}
			spam, rude := pen.Spam(language), pen.Rude(language)
			for text := range good {
				if i := Read(language, "a", text); i.Bad() {
					t.Errorf("%s: %q is taken for spam or an insult", language, text)
				}
			}
			if i := Read(language, "a", spam); !i.Spam || i.Rude {
				t.Errorf("%s: the advertisement %q is taken for %+v", language, spam, i)
			}
			if i := Read(language, "a", rude); !i.Rude || i.Spam {
				t.Errorf("%s: the insult %q is taken for %+v", language, rude, i)
			}
		}
	}
	if a, b := Read("en", "a", "Yes."), Read("en", "b", "Yes."); a.Quality == b.Quality {
		t.Error("the same text is as good whoever writes it")
	}
	if i := Read("xx", "a", pen.Spam("xx")); !i.Spam {
		t.Errorf("a language without words of its own is read as %+v, though it is written in English", i)
	}
}

// TestThePenForgets: what it has written is bounded.
func TestThePenForgets(t *testing.T) {
	pen := NewPen(domain.NewDice(1))
	for range mostWritten + 10 {
		pen.note([16]byte{byte(pen.dice.Next()), byte(pen.dice.Next()), byte(pen.dice.Next()), byte(pen.dice.Next())})
	}
	if len(pen.written) > mostWritten {
		t.Errorf("it remembers %d texts", len(pen.written))
	}
}
