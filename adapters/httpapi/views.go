package httpapi

import (
	"time"

	"dendro/domain"
)

var viewRoutes = []Route{onlyNow(get("/admin/views", trusted, showViews))}

// ViewStanding is what is known of how a view is kept.
type ViewStanding struct {
	View     string
	Revision int       // of the rules that its rows were made by
	Program  int       // the revision that this program has
	Built    time.Time // when it was built; zero where that is not kept
	Bytes    int64     // that it takes; 0 where that is not known
}

// viewLine is a row of the model Views.
type viewLine struct {
	View     string     `json:"view"`
	Revision int        `json:"revision"`
	Program  int        `json:"program_revision"`
	Cut      domain.Cut `json:"cut"`
	Lag      uint64     `json:"lag_events"`
	Built    *stamp     `json:"built_date"`
	Bytes    *int64     `json:"bytes"`
}

// showViews tells how the views are kept, and how far they are behind the log.
func showViews(c *call) (reply, error) {
	if c.s.Standing == nil {
		return reply{}, fail(codeOther, "this server does not tell how its views are kept")
	}
	views, err := c.s.Standing(c.ctx())
	if err != nil {
		return reply{}, err
	}
	at, err := c.s.Views.Cut(c.ctx())
	if err != nil {
		return reply{}, err
	}
	end, err := c.s.Log.End(c.ctx()) // asked last: views are never ahead of it
	if err != nil {
		return reply{}, err
	}
	out := make([]viewLine, len(views))
	for i, v := range views {
		out[i] = viewLine{View: v.View, Revision: v.Revision, Program: v.Program, Cut: at, Lag: end.Events() - at.Events()}
		if !v.Built.IsZero() {
			built := stamp(v.Built)
			out[i].Built = &built
		}
		if v.Bytes > 0 {
			out[i].Bytes = &v.Bytes
		}
	}
	return ok(map[string]any{"log_end": end, "views": out})
}
