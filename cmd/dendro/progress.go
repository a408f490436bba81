package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// patience is how long work may last before it shows how far it is.
const patience = time.Second

// progress shows how far long work is: on a terminal, after a while. Anywhere
// else it is silent. Used by one goroutine at a time.
type progress struct {
	out   io.Writer // nil: silent
	what  string
	since time.Time
	total int64
	bar   *progressbar.ProgressBar
}

// newProgress begins work; stderr is where it shows, if that is a terminal.
func newProgress(stderr io.Writer, what string) *progress {
	p := &progress{what: what, since: time.Now()}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = stderr
	}
	return p
}

// report tells how far the work is; cheap enough for each of many steps.
func (p *progress) report(done, total int64) {
	if p.out == nil || p.bar == nil && time.Since(p.since) < patience {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
		p.total = total
	}
	if total != p.total {
		p.bar.ChangeMax64(total)
		p.total = total
	}
	// A terminal that takes no more output is no reason to stop the work.
	_ = p.bar.Set64(min(done, total))
}

// end wipes the bar away, so that what is printed next stands clean.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
		_ = p.bar.Clear()
		p.bar = nil
	}
}
