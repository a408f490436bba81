package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// teller prints for people: in colours on a terminal, plainly elsewhere.
type teller struct {
	out    io.Writer
	colour bool
	err    error // the first of writing
}

func newTeller(out io.Writer) *teller {
	f, ok := out.(*os.File)
	return &teller{out: out, colour: ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// say prints a line.
func (t *teller) say(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.out, format+"\n", args...)
	}
}

func (t *teller) title(text string) {
	t.say("\n%s\n%s", t.strong(text), t.faint(strings.Repeat("─", len([]rune(text)))))
}

func (t *teller) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *teller) strong(text string) string { return t.paint("1", text) }
func (t *teller) faint(text string) string  { return t.paint("2", text) }
func (t *teller) good(text string) string   { return t.paint("32", text) }
func (t *teller) bad(text string) string    { return t.paint("31", text) }
func (t *teller) lively(text string) string { return t.paint("36", text) }

// clip makes one short line of a text.
func clip(text string, most int) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > most {
		return string(line[:most-1]) + "…"
	}
	return string(line)
}
