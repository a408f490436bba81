package remote

import (
	"fmt"
	"maps"
	"time"

	"dendro/domain"
)

// Report counts what a run did, and what that took.
type Report struct {
	Tasks    int                     `json:"tasks"`
	ByKind   map[domain.TaskKind]int `json:"tasks_by_kind"`
	Declined int                     `json:"declined"`
	Seconds  float64                 `json:"seconds"`
	PerSec   float64                 `json:"cycles_per_second"`

	// A cycle is its three requests together.
	Cycle       Latency `json:"cycle"`
	Request     Latency `json:"request"`
	Acknowledge Latency `json:"acknowledge"`
	Submit      Latency `json:"submit"`

	Requests  int            `json:"requests"`
	Repeats   int            `json:"repeats"`   // answered, sent again, and answered the same
	Doubles   int            `json:"doubles"`   // submissions handed in anew, and answered as done
	Retries   int            `json:"retries"`   // sent again because no answer came, or the server was busy
	Reactions int            `json:"reactions"` // emojis, free labels, reports
	Reads     int            `json:"reads"`     // pages and boards
	Acts      int            `json:"moderator_acts"`
	Errors    map[string]int `json:"errors"` // by status and, behind a blank, error code
}

// tally is what one connection counts.
type tally struct {
	Report
	cycle, request, acknowledge, submit latencies
}

func newTally() *tally {
	return &tally{Report: Report{ByKind: map[domain.TaskKind]int{}, Errors: map[string]int{}}}
}

// mostErrors bounds the kinds of error that are told apart.
const mostErrors = 100

func (t *tally) failed(status, code int) {
	key := fmt.Sprint(status)
	if code != codeNone {
		key = fmt.Sprint(status, " ", code)
	}
	if _, known := t.Errors[key]; !known && len(t.Errors) >= mostErrors {
		key = "others"
	}
	t.Errors[key]++
}

func (t *tally) merge(o *tally) {
	for kind, n := range o.ByKind {
		t.ByKind[kind] += n
	}
	for key, n := range o.Errors {
		t.Errors[key] += n
	}
	t.Tasks += o.Tasks
	t.Declined += o.Declined
	t.Requests += o.Requests
	t.Repeats += o.Repeats
	t.Doubles += o.Doubles
	t.Retries += o.Retries
	t.Reactions += o.Reactions
	t.Reads += o.Reads
	t.Acts += o.Acts
	t.cycle.merge(&o.cycle)
	t.request.merge(&o.request)
	t.acknowledge.merge(&o.acknowledge)
	t.submit.merge(&o.submit)
}

func (t *tally) report(took time.Duration) Report {
	r := t.Report
	r.ByKind, r.Errors = maps.Clone(t.ByKind), maps.Clone(t.Errors)
	r.Seconds = took.Seconds()
	if r.Seconds > 0 {
		r.PerSec = float64(r.Tasks) / r.Seconds
	}
	r.Cycle, r.Request, r.Acknowledge, r.Submit = t.cycle.sum(), t.request.sum(), t.acknowledge.sum(), t.submit.sum()
	return r
}
