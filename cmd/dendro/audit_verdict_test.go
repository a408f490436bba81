package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/audit"
	"dendro/projections/contributors"
	"dendro/projections/dataset"
)

// judged is a log as verdicts and exports see it.
type judged struct {
	*testing.T
	histories map[domain.StreamID][]domain.Recorded // trees' and pools'
	messages  map[domain.StreamID][]domain.MessageID
	languages map[domain.StreamID]string
	mergers   contributors.Mergers
	erased    map[domain.ContributorID]*domain.Recorded
	fold      *dataset.Fold
}

func judge(t *testing.T, log domain.Log) *judged {
	j := &judged{
		T: t, histories: map[domain.StreamID][]domain.Recorded{}, messages: map[domain.StreamID][]domain.MessageID{},
		languages: map[domain.StreamID]string{}, mergers: contributors.Mergers{}, erased: map[domain.ContributorID]*domain.Recorded{},
		fold: dataset.New(),
	}
	eachEvent(t, log, func(r domain.Recorded) {
		j.fold.Apply(r)
		switch e := r.Payload.(type) {
		case tree.Opened:
			j.languages[r.Stream] = e.Language
		case tree.MessagePosted:
			j.messages[r.Stream] = append(j.messages[r.Stream], e.Message)
		case contributor.Merged:
			j.mergers[e.From] = e.Into
		case contributor.Erased:
			id, _ := r.Stream.Contributor()
			j.erased[id] = &r
		}
		j.histories[r.Stream] = append(j.histories[r.Stream], r)
	})
	return j
}

// gone follows mergers to an erasure.
func (j *judged) gone(id domain.ContributorID) (*domain.Recorded, bool) {
	for n := 0; n < 10 && !id.IsZero(); n++ {
		if by := j.erased[id]; by != nil {
			return by, true
		}
		id = j.mergers[id]
	}
	return nil, false
}

func (j *judged) verdict(why *audit.Reasoning, in domain.StreamID) audit.Verdict {
	for _, r := range j.histories[domain.PoolID{Language: j.languages[in]}.Stream()] {
		why.TakePolicy(&r)
	}
	for _, r := range j.histories[in] {
		why.Take(&r)
	}
	return why.Verdict(j.gone)
}

// exported gives what a variant holds, and of which trees.
func (j *judged) exported(v dataset.Variant) map[domain.MessageID]bool {
	j.Helper()
	ids := map[domain.MessageID]bool{}
	_, err := dataset.Read(dataset.Recipe{Variant: v, Format: dataset.Messages}, j.fold).Write(func(line []byte) error {
		var row struct {
			ID domain.MessageID `json:"message_id"`
		}
		err := json.Unmarshal(line, &row)
		ids[row.ID] = true
		return err
	})
	if err != nil {
		j.Fatal(err)
	}
	return ids
}

// eraseSome erases a few who wrote something.
func eraseSome(t *testing.T, log domain.Log) {
	engine, err := commands.Open(t.Context(), log, commands.Options{Clock: wallClock, Dice: chance})
	if err != nil {
		t.Fatal(err)
	}
	wrote := map[domain.ContributorID]bool{}
	eachEvent(t, log, func(r domain.Recorded) {
		if e, is := r.Payload.(tree.MessagePosted); is && len(wrote) < 3 {
			wrote[e.Contributor] = true
		}
	})
	for id := range wrote {
		command := domain.CommandID(domain.NewID(wallClock.Now(), [10]byte(randomBytes(10))))
		c := commands.OnContributor{Contributor: id, Do: contributor.Erase{Reason: "asked for it"}}
		if _, err := engine.Do(t.Context(), commands.Command{ID: command, Actor: domain.ByModerator(id.String()), Body: c}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(engine.Quiesce(t.Context()), engine.Close()); err != nil {
		t.Fatal(err)
	}
}

// The verdict on every message, and on every tree, is what the exports hold, of
// a campaign that was moderated, and in which some were erased.
func TestVerdictsAreWhatExportsHold(t *testing.T) {
	log := crowdLog(t, 21, 30, 4000)
	eraseSome(t, log)
	j := judge(t, log)
	variants := map[string]map[domain.MessageID]bool{"ready": j.exported(dataset.Ready), "all": j.exported(dataset.All)}
	broken := map[string]int{}
	for in := range j.histories {
		id, is := in.Tree()
		if !is {
			continue
		}
		want := audit.Counts{Posted: len(j.messages[in])}
		for _, m := range j.messages[in] {
			v := j.verdict(audit.Why(m), in)
			j.agrees(&v, m, variants)
			j.rests(&v)
			for _, r := range v.Reasons {
				if !r.Holds {
					broken[r.Rule]++
				}
			}
			for variant, n := range map[string]*int{"ready": &want.Ready, "all": &want.All} {
				if variants[variant][m] {
					*n++
				}
			}
		}
		v := j.verdict(audit.WhyTree(id), in)
		if len(j.messages[in]) > 0 {
			j.agrees(&v, j.messages[in][0], variants)
		} else if v.Ready || v.All || len(v.Reasons) != 1 || v.Reasons[0].Rule != audit.RulePrompted {
			t.Errorf("%s has no prompt: %+v", in, v)
		}
		if *v.Messages != want {
			t.Errorf("%s: %+v, the exports hold %+v", in, *v.Messages, want)
		}
	}
	for _, rule := range []string{audit.RuleState, audit.RuleAccepted, audit.RuleDeleted, audit.RuleErased} {
		if broken[rule] == 0 {
			t.Errorf("nothing is out because of %s: too little to tell (%v)", rule, broken)
		}
	}
}

// agrees holds a verdict against the exports, and its reasons against itself.
func (j *judged) agrees(v *audit.Verdict, m domain.MessageID, variants map[string]map[domain.MessageID]bool) {
	j.Helper()
	for variant, holds := range variants {
		missing := 0
		for _, r := range v.Reasons {
			for _, of := range r.Variants {
				if of == variant && !r.Holds {
					missing++
				}
			}
		}
		if v.In(variant) != holds[m] || v.In(variant) != (missing == 0) {
			j.Errorf("%s in %s: the exports say %v, the verdict is %+v", m, variant, holds[m], v)
		}
	}
}

// rests looks at what a decision rests on: as many reviews as it says it counted,
// and the policy. Where votes or texts changed behind it, it may say another
// number.
func (j *judged) rests(v *audit.Verdict) {
	j.Helper()
	for _, r := range v.Reasons {
		if r.Rule != audit.RuleAccepted || r.Event == nil || strings.Contains(r.Text, "again") {
			continue
		}
		reviews, policies, changed := 0, 0, false
		for _, g := range r.Grounds {
			switch late := strings.Contains(g.Text, "after the decision"); g.Kind {
			case audit.GroundReview:
				if g.Counts && !late {
					reviews++
				}
			case audit.GroundPolicy:
				policies++
			case audit.GroundVotes, audit.GroundEdit:
				changed = true
			}
			if g.Event == nil || g.At == "" || g.Actor == "" {
				j.Errorf("a ground of no event: %+v", g)
			}
		}
		counted := strings.Fields(strings.SplitN(r.Text, " by ", 2)[1])[0]
		if policies != 1 || !changed && counted != grouped(reviews) {
			j.Errorf("%q rests on %d reviews and %d policies: %+v", r.Text, reviews, policies, r.Grounds)
		}
	}
}
