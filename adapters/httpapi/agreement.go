package httpapi

import (
	"cmp"
	"encoding/json"
	"slices"

	"dendro/domain"
	"dendro/domain/agreement"
	view "dendro/projections/agreement"
)

var agreementRoutes = []Route{
	get("/stats/agreement", trusted, showAgreement),
	get("/users/{user_id}/agreement", trusted, with(userOfPath, showAgreementOf)),
}

// figure is an α, null where it does not exist, and what it rests on: values of
// messages with at least two reviews that have the label, and their pairs with
// what the others say.
type figure struct {
	Alpha  *json.Number `json:"alpha"`
	Values int64        `json:"values"`
	Pairs  int64        `json:"pairs"`
}

func showFigure(f agreement.Figure) figure {
	out := figure{Values: f.Values, Pairs: f.Pairs}
	if f.Known {
		n := json.Number(f.Alpha.String())
		out.Alpha = &n
	}
	return out
}

// labelAgreement is a label's figure, and the campaign's to hold it against.
type labelAgreement struct {
	Label string `json:"label"`
	figure
	Campaign *figure `json:"campaign,omitempty"`
}

// agreementOf is the model Agreement.
type agreementOf struct {
	figure                    // over all labels
	Campaign figure           `json:"campaign"`
	Labels   []labelAgreement `json:"labels"`
}

// everybody is the campaign's side of agreement.
type everybody struct {
	spreads [agreement.Labels]agreement.Spread
	figures [agreement.Labels]agreement.Figure
	pooled  agreement.Figure
}

func newEverybody(rows []*view.Everybody) *everybody {
	all := map[int]*agreement.Spreads{}
	for _, r := range rows {
		all[r.Size] = &r.Spreads
	}
	e := &everybody{}
	var groups [agreement.Labels][]agreement.Group
	for i := range e.spreads {
		e.spreads[i], groups[i] = agreement.Everybody(all, i)
		e.figures[i] = agreement.Alpha(groups[i], e.spreads[i])
	}
	e.pooled = agreement.Pooled(groups[:], e.spreads[:])
	return e
}

// groupsOf joins rows, which may be of several accounts, by label.
func groupsOf(rows []*view.Rater) (out [agreement.Labels][]agreement.Group) {
	sums := agreement.BySize{}
	for _, r := range rows {
		sums.Add(r.Size, &r.Sums)
	}
	for i := range out {
		out[i] = agreement.Groups(sums, i)
	}
	return out
}

// agreement tells how far an owner's accounts judge as others do.
func (c *call) agreement(accounts []domain.ContributorID) (*agreementOf, error) {
	rows, all, err := c.views.Agreement(c.ctx(), accounts)
	if err != nil {
		return nil, err
	}
	e, groups := newEverybody(all), groupsOf(rows)
	out := &agreementOf{
		figure: showFigure(agreement.Pooled(groups[:], e.spreads[:])), Campaign: showFigure(e.pooled), Labels: []labelAgreement{},
	}
	for i := range groups {
		if own := agreement.Alpha(groups[i], e.spreads[i]); own.Values > 0 {
			campaign := showFigure(e.figures[i])
			out.Labels = append(out.Labels, labelAgreement{string(domain.Labels[i].Name), showFigure(own), &campaign})
		}
	}
	return out, nil
}

func showAgreementOf(c *call, a *account) (reply, error) {
	accounts, err := c.views.Accounts(c.ctx(), a.ID)
	if err != nil {
		return reply{}, err
	}
	out, err := c.agreement(accounts)
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

// ratedContributor is a contributor's figure in a list of them.
type ratedContributor struct {
	UserID domain.ContributorID `json:"user_id"`
	figure
}

// usualValues is how many values a contributor has who is listed, unless the
// request says otherwise: a figure of few says little.
const usualValues = 20

// showAgreement tells how far the campaign agrees, label by label, and lists
// contributors, those who agree least first.
func showAgreement(c *call) (reply, error) {
	label := c.queryWord("label", labelNames)
	most, least := c.number("max_count", 100, 10_000), c.number("min_values", usualValues, 1_000_000_000)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	rows, all, err := c.views.Agreement(c.ctx(), nil)
	if err != nil {
		return reply{}, err
	}
	e := newEverybody(all)
	out := struct {
		figure
		Labels       []labelAgreement   `json:"labels"`
		Contributors []ratedContributor `json:"contributors"`
	}{showFigure(e.pooled), []labelAgreement{}, []ratedContributor{}}
	for i, f := range e.figures {
		if f.Values > 0 {
			out.Labels = append(out.Labels, labelAgreement{Label: string(domain.Labels[i].Name), figure: showFigure(f)})
		}
	}
	if out.Contributors, err = c.listAgreement(rows, e, slices.Index(labelNames, label), int64(least)); err != nil {
		return reply{}, err
	}
	out.Contributors = out.Contributors[:min(most, len(out.Contributors))]
	return ok(out)
}

// listAgreement gives the owners whose figure exists, of one label or, when it
// is below 0, of all; the smallest first.
func (c *call) listAgreement(rows []*view.Rater, e *everybody, label int, least int64) ([]ratedContributor, error) {
	byOwner := map[domain.ContributorID][]*view.Rater{}
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		owner := mergers.Owner(r.Contributor)
		byOwner[owner] = append(byOwner[owner], r)
	}
	type listed struct {
		ratedContributor
		by agreement.Figure
	}
	var list []listed
	for owner, rows := range byOwner {
		groups := groupsOf(rows)
		var f agreement.Figure
		if label >= 0 {
			f = agreement.Alpha(groups[label], e.spreads[label])
		} else {
			f = agreement.Pooled(groups[:], e.spreads[:])
		}
		if f.Known && f.Values >= least {
			list = append(list, listed{ratedContributor{owner, showFigure(f)}, f})
		}
	}
	slices.SortFunc(list, func(a, b listed) int {
		return cmp.Or(a.by.Alpha.Cmp(b.by.Alpha), a.UserID.Compare(b.UserID))
	})
	out := make([]ratedContributor, len(list))
	for i, l := range list {
		out[i] = l.ratedContributor
	}
	return out, nil
}
