package httpapi

import (
	"cmp"
	"slices"

	"dendro/domain"
	"dendro/projections/statistics"
)

var statRoutes = []Route{
	get("/stats/", trusted, showSystemStats),
	get("/stats/tree_manager", trusted, showTreeManager),
	get("/stats/tree_manager/state_counts", trusted, showStateCounts),
	get("/stats/tree_manager/message_counts", trusted, showMessageCounts),
	get("/stats/cached", keyed, showAllCached),
	get("/stats/cached/{name}", keyed, showCached),
	post("/stats/cached/update", trusted, upToDate),
}

// upToDate has nothing to do: what it would bring up to date always is.
func upToDate(*call) (reply, error) { return done, nil }

// systemStats is the model SystemStats.
type systemStats struct {
	All          int            `json:"all"`
	Active       int            `json:"active"`
	ActiveByLang map[string]int `json:"active_by_lang"`
	Deleted      int            `json:"deleted"`
	Trees        int            `json:"message_trees"`
}

func (c *call) systemStats() (systemStats, error) {
	counts, err := c.views.Counts(c.ctx())
	s := systemStats{ActiveByLang: map[string]int{}}
	for _, m := range counts.Messages {
		s.All += m.N
		if m.Deleted {
			s.Deleted += m.N
		} else {
			s.Active += m.N
			s.ActiveByLang[m.Language] += m.N
		}
	}
	for _, t := range counts.Trees {
		s.Trees += t.N
	}
	return s, err
}

func showSystemStats(c *call) (reply, error) {
	s, err := c.systemStats()
	if err != nil {
		return reply{}, err
	}
	return ok(s)
}

func stateCounts(counts statistics.Counts) map[domain.TreeState]int {
	out := map[domain.TreeState]int{}
	for _, t := range counts.Trees {
		out[t.State] += t.N
	}
	return out
}

func showStateCounts(c *call) (reply, error) {
	counts, err := c.views.Counts(c.ctx())
	if err != nil {
		return reply{}, err
	}
	return ok(stateCounts(counts))
}

// treeMessageCount is the model TreeMessageCountStats.
type treeMessageCount struct {
	TreeID   domain.TreeID    `json:"message_tree_id"`
	State    domain.TreeState `json:"state"`
	Depth    int              `json:"depth"`
	Oldest   stamp            `json:"oldest"`
	Youngest stamp            `json:"youngest"`
	Count    int              `json:"count"`
	Goal     int              `json:"goal_tree_size"`
}

// messageCounts leaves out trees of which nothing is left.
func (c *call) messageCounts(onlyActive bool) ([]treeMessageCount, error) {
	trees, err := c.views.Trees(c.ctx(), onlyActive)
	out := make([]treeMessageCount, 0, len(trees))
	for _, t := range trees {
		if t.Count > 0 {
			out = append(out, treeMessageCount{
				TreeID: t.ID, State: t.State, Depth: t.Depth, Oldest: stamp(t.Oldest), Youngest: stamp(t.Youngest), Count: t.Count, Goal: t.Goal,
			})
		}
	}
	return out, err
}

func showMessageCounts(c *call) (reply, error) {
	onlyActive := c.truth("only_active", true)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	out, err := c.messageCounts(onlyActive)
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

func showTreeManager(c *call) (reply, error) {
	counts, err := c.views.Counts(c.ctx())
	if err != nil {
		return reply{}, err
	}
	trees, err := c.messageCounts(true)
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"state_counts": stateCounts(counts), "message_counts": trees})
}

// cachedStats is the model CachedStatsResponse.
type cachedStats struct {
	Name        string `json:"name"`
	LastUpdated stamp  `json:"last_updated"`
	Stats       any    `json:"stats"`
}

type treesByStateAndLang struct {
	Lang  string           `json:"lang"`
	Count int              `json:"count"`
	State domain.TreeState `json:"state"`
}

// cachedNames are the statistics that clients know as cached. Here they are
// counted as the events come in.
var cachedNames = []string{
	"human_messages_by_lang", "human_messages_by_role", "message_trees_by_state", "message_trees_states_by_lang", "users_accepted_tos",
}

// cached gives one of cachedNames.
func cached(name string, counts statistics.Counts) any {
	byName := map[string]int{}
	switch name {
	case "human_messages_by_lang", "human_messages_by_role":
		for _, m := range counts.Messages {
			key := m.Language
			if name == "human_messages_by_role" {
				key = string(m.Role)
			}
			if !m.Synthetic && !m.Deleted {
				byName[key] += m.N
			}
		}
	case "message_trees_by_state":
		return stateCounts(counts)
	case "message_trees_states_by_lang":
		list := make([]treesByStateAndLang, len(counts.Trees))
		for i, t := range counts.Trees {
			list[i] = treesByStateAndLang{Lang: t.Language, Count: t.N, State: t.State}
		}
		slices.SortFunc(list, func(a, b treesByStateAndLang) int {
			return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.State, b.State))
		})
		return list
	case "users_accepted_tos":
		byName["count"] = counts.Consents
	}
	return byName
}

func showAllCached(c *call) (reply, error) {
	counts, err := c.views.Counts(c.ctx())
	if err != nil {
		return reply{}, err
	}
	all := map[string]cachedStats{}
	for _, name := range cachedNames {
		all[name] = cachedStats{Name: name, LastUpdated: stamp(c.now), Stats: cached(name, counts)}
	}
	return ok(map[string]any{"stats_by_name": all})
}

func showCached(c *call) (reply, error) {
	name := c.pathWord("name", cachedNames)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	counts, err := c.views.Counts(c.ctx())
	if err != nil {
		return reply{}, err
	}
	return ok(cachedStats{Name: name, LastUpdated: stamp(c.now), Stats: cached(name, counts)})
}
