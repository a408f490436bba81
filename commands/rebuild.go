package commands

import (
	"context"
	"fmt"

	"dendro/domain"
)

// own takes the partition over anew, and rebuilds it.
func (w *writer) own(ctx context.Context) error {
	_ = w.closeLog() // a writer that failed has nothing left to say
	var err error
	if w.log, err = w.e.log.Own(ctx, w.p); err != nil {
		return err
	}
	return w.rebuild(ctx)
}

// rebuild folds the partition up to its end: checkpoint and tail. Reactions are
// told of events that nobody told them of: written without an answer, or by an
// earlier owner a moment ago.
func (w *writer) rebuild(ctx context.Context) error {
	s, err := w.restore(ctx)
	if err != nil {
		return err
	}
	end, err := w.e.log.End(ctx)
	if err != nil {
		return err
	}
	from, to := w.e.log.Identity().Start(), w.e.log.Identity().Start()
	from.End[w.p], to.End[w.p] = s.next, end.End[w.p]
	known := w.e.facts.known(w.p)
	var news []domain.Recorded
	for r, err := range w.e.log.Read(ctx, from, to) {
		if err != nil {
			return err
		}
		if err := s.continues(&r); err != nil {
			return err
		}
		s.apply(&r)
		s.forget(r.Time)
		if (w.live || w.e.opt.Partial) && r.Position.Seq >= known {
			news = append(news, r)
		}
	}
	s.refresh()
	w.s = s
	w.e.facts.adopt(s)
	w.e.notice(news)
	return nil
}

// continues checks what the log's own numbers cannot tell: that the event is
// the next of its stream.
func (s *state) continues(r *domain.Recorded) error {
	have, known := domain.Version(0), true
	switch r.Stream.Kind() {
	case domain.KindTree:
		id, _ := r.Stream.Tree()
		if t := s.trees[id]; t != nil {
			have = t.version
		}
	case domain.KindPool:
		id, _ := r.Stream.Pool()
		have = s.pool(id).version
	case domain.KindContributor:
		id, _ := r.Stream.Contributor()
		have = s.contributor(id).version
	case domain.KindCampaign, domain.KindPartition:
		have = s.versions[r.Stream]
	default:
		known = false
	}
	if !known || r.Version != have+1 || r.Position.Seq != s.next {
		return &domain.Damage{
			Place: fmt.Sprintf("event at %s", r.Position),
			Why:   fmt.Sprintf("it is version %d of %s, after version %d", r.Version, r.Stream, have),
		}
	}
	return nil
}
