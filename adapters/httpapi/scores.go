package httpapi

import (
	"errors"

	"dendro/domain"
	"dendro/domain/directory"
	"dendro/domain/reward"
	"dendro/projections/boards"
	"dendro/projections/contributors"
)

var scoreRoutes = []Route{
	get("/users/{user_id}/stats", keyed, showStandings),
	get("/users/{user_id}/stats/{time_frame}", keyed, showStanding),
	get("/users/{user_id}/stats/{time_frame}/window", keyed, showWindow),
	get("/leaderboards/{time_frame}", keyed, showLeaderboard),
	post("/leaderboards/update", trusted, upToDate),
	post("/leaderboards/update/{time_frame}", trusted, leaderboardUpToDate),
	get("/trollboards/{time_frame}", trusted, showTrollboard),
}

// boardName is what every line of a board begins with.
type boardName struct {
	Rank        int                  `json:"rank"`
	UserID      domain.ContributorID `json:"user_id"`
	Highlighted bool                 `json:"highlighted"`
	Username    string               `json:"username"`
	AuthMethod  string               `json:"auth_method"`
	DisplayName string               `json:"display_name"`
	BaseDate    *stamp               `json:"base_date"`
	Modified    stamp                `json:"modified_date"`
}

// userScore is the model UserScore.
type userScore struct {
	boardName
	Score             int    `json:"leader_score"`
	Level             int    `json:"level"`
	Prompts           int    `json:"prompts"`
	RepliesAssistant  int    `json:"replies_assistant"`
	RepliesPrompter   int    `json:"replies_prompter"`
	LabelsSimple      int    `json:"labels_simple"`
	LabelsFull        int    `json:"labels_full"`
	Rankings          int    `json:"rankings_total"`
	RankingsGood      int    `json:"rankings_good"`
	AcceptedPrompts   int    `json:"accepted_prompts"`
	AcceptedAssistant int    `json:"accepted_replies_assistant"`
	AcceptedPrompter  int    `json:"accepted_replies_prompter"`
	Ranked1           int    `json:"reply_ranked_1"`
	Ranked2           int    `json:"reply_ranked_2"`
	Ranked3           int    `json:"reply_ranked_3"`
	StreakLastDay     *stamp `json:"streak_last_day_date"`
	StreakDays        *int   `json:"streak_days"`
	LastActivity      *stamp `json:"last_activity_date"`
}

type leaderboard struct {
	TimeFrame   reward.Frame `json:"time_frame"`
	LastUpdated stamp        `json:"last_updated"`
	Leaderboard []userScore  `json:"leaderboard"`
}

// trollScore is the model TrollScore.
type trollScore struct {
	boardName
	LastActivity *stamp   `json:"last_activity_date"`
	Enabled      bool     `json:"enabled"`
	Deleted      bool     `json:"deleted"`
	Shown        bool     `json:"show_on_leaderboard"`
	Score        int      `json:"troll_score"`
	RedFlags     int      `json:"red_flags"`
	Upvotes      int      `json:"upvotes"`
	Downvotes    int      `json:"downvotes"`
	SpamPrompts  int      `json:"spam_prompts"`
	Quality      *float64 `json:"quality"`
	Humor        *float64 `json:"humor"`
	Toxicity     *float64 `json:"toxicity"`
	Violence     *float64 `json:"violence"`
	Helpfulness  *float64 `json:"helpfulness"`
	Spam         int      `json:"spam"`
	LangMismatch int      `json:"lang_mismach"` // as clients know it
	NotFit       int      `json:"not_appropriate"`
	PII          int      `json:"pii"`
	HateSpeech   int      `json:"hate_speech"`
	Sexual       int      `json:"sexual_content"`
	Political    int      `json:"political_content"`
}

type trollboard struct {
	TimeFrame   reward.Frame `json:"time_frame"`
	LastUpdated stamp        `json:"last_updated"`
	Trollboard  []trollScore `json:"trollboard"`
}

var frameNames = func() []string {
	out := make([]string, len(reward.Frames))
	for i, f := range reward.Frames {
		out[i] = string(f)
	}
	return out
}()

func (p *params) frame() reward.Frame { return reward.Frame(p.pathWord("time_frame", frameNames)) }

// tallies counts what was done within a frame, and says whose accounts those
// are.
func (c *call) tallies(f reward.Frame) ([]boards.Tally, []boards.Account, error) {
	tallies, err := c.views.Tallies(c.ctx(), f.Since(c.now), nil)
	if err != nil || len(tallies) == 0 {
		return nil, nil, err
	}
	ids := make([]domain.ContributorID, len(tallies))
	for i, t := range tallies {
		ids[i] = t.Contributor
	}
	rows, err := c.views.Contributors(c.ctx(), ids)
	if err != nil {
		return nil, nil, err
	}
	accounts := make([]boards.Account, 0, len(rows))
	for i, row := range rows {
		a := boards.Account{ID: ids[i], Owner: ids[i]}
		if row != nil && !row.MergedInto.IsZero() {
			if a.Owner, err = c.views.Owner(c.ctx(), row.ID); err == nil {
				row, err = c.views.Contributor(c.ctx(), a.Owner)
			}
			if err != nil {
				return nil, nil, err
			}
		}
		if row != nil {
			a.Enabled = !row.Disabled && !row.Erased
			a.Listed = a.Enabled && !row.Hidden
		}
		accounts = append(accounts, a)
	}
	return tallies, accounts, nil
}

func (c *call) leaders(f reward.Frame) ([]boards.Standing, error) {
	tallies, accounts, err := c.tallies(f)
	return boards.Leaderboard(tallies, accounts), err
}

// line renders the beginning of a board's line.
func (c *call) line(rank int, owner domain.ContributorID, f reward.Frame, highlight domain.ContributorID) (boardName, *contributors.Contributor, boards.Activity, error) {
	n := boardName{
		Rank: rank, UserID: owner, Highlighted: owner == highlight && !owner.IsZero(),
		BaseDate: orNull(f.Since(c.now)), Modified: stamp(c.now),
	}
	person, err := c.s.Directory.Person(c.ctx(), owner)
	switch {
	case errors.Is(err, directory.ErrUnknown):
		n.Username, n.DisplayName, n.AuthMethod = "deleted_"+owner.String(), "Deleted User", "local"
	case err != nil:
		return n, nil, boards.Activity{}, err
	default:
		n.Username, n.DisplayName, n.AuthMethod = person.Login.Username, person.DisplayName, person.Login.Method
	}
	row, err := c.views.Contributor(c.ctx(), owner)
	if err != nil {
		return n, nil, boards.Activity{}, err
	}
	accounts, err := c.views.Accounts(c.ctx(), owner)
	if err != nil {
		return n, nil, boards.Activity{}, err
	}
	did, err := c.views.Activities(c.ctx(), [][]domain.ContributorID{accounts})
	if err != nil {
		return n, nil, boards.Activity{}, err
	}
	return n, row, did[0], nil
}

func (c *call) score(s boards.Standing, f reward.Frame, highlight domain.ContributorID) (userScore, error) {
	name, row, did, err := c.line(s.Rank, s.Owner, f, highlight)
	if err != nil {
		return userScore{}, err
	}
	p := s.Points
	out := userScore{
		boardName: name, Score: s.Score, Level: s.Level, Prompts: p.Prompts, RepliesAssistant: p.AssistantReplies,
		RepliesPrompter: p.PrompterReplies, LabelsSimple: p.LabelsSimple, LabelsFull: p.LabelsFull, Rankings: p.Rankings,
		RankingsGood: p.GoodRankings, AcceptedPrompts: p.AcceptedPrompts, AcceptedAssistant: p.AcceptedAssistantReplies,
		AcceptedPrompter: p.AcceptedPrompterReplies, Ranked1: p.First, Ranked2: p.Second, Ranked3: p.Third,
	}
	var u frontEndUser
	if row != nil {
		u.StreakLastDay = orNull(row.Registered)
	}
	c.addActivity(&u, did)
	out.StreakLastDay, out.StreakDays, out.LastActivity = u.StreakLastDay, u.StreakDays, u.LastActivity
	return out, nil
}

func (c *call) scores(list []boards.Standing, f reward.Frame, highlight domain.ContributorID) (reply, error) {
	out := leaderboard{TimeFrame: f, LastUpdated: stamp(c.now), Leaderboard: make([]userScore, len(list))}
	for i, s := range list {
		var err error
		if out.Leaderboard[i], err = c.score(s, f, highlight); err != nil {
			return reply{}, err
		}
	}
	return ok(out)
}

func showLeaderboard(c *call) (reply, error) {
	f, most := c.frame(), c.number("max_count", 100, 10000)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	who, err := c.named()
	if err != nil {
		return reply{}, err
	}
	var highlight domain.ContributorID
	if who != nil {
		highlight = who.ID
	}
	list, err := c.leaders(f)
	if err != nil {
		return reply{}, err
	}
	return c.scores(list[:min(len(list), most)], f, highlight)
}

func leaderboardUpToDate(c *call) (reply, error) {
	c.frame()
	return done, c.valid()
}

// showStandings gives the standing in every frame in which there is one; none
// for whom nobody knows, as clients know it.
func showStandings(c *call) (reply, error) {
	out := map[reward.Frame]userScore{}
	a, err := userOfPath(c)
	if errors.Is(err, errNoUser) {
		return ok(out)
	}
	if err != nil {
		return reply{}, err
	}
	owner, err := c.views.Owner(c.ctx(), a.ID)
	if err != nil {
		return reply{}, err
	}
	for _, f := range reward.Frames {
		list, err := c.leaders(f)
		if err != nil {
			return reply{}, err
		}
		if s, there := boards.Of(list, owner); there {
			if out[f], err = c.score(s, f, owner); err != nil {
				return reply{}, err
			}
		}
	}
	return ok(out)
}

// ownStanding reads which user and frame are asked for.
func (c *call) ownStanding() (owner domain.ContributorID, f reward.Frame, list []boards.Standing, err error) {
	f = c.frame()
	a, err := userOfPath(c)
	if err == nil {
		owner, err = c.views.Owner(c.ctx(), a.ID)
	}
	if err == nil {
		list, err = c.leaders(f)
	}
	return owner, f, list, err
}

func showStanding(c *call) (reply, error) {
	owner, f, list, err := c.ownStanding()
	if err != nil {
		return reply{}, err
	}
	s, there := boards.Of(list, owner)
	if !there {
		return ok(nil)
	}
	out, err := c.score(s, f, owner)
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

func showWindow(c *call) (reply, error) {
	size := c.number("window_size", 5, 1000)
	owner, f, list, err := c.ownStanding()
	if err != nil {
		return reply{}, err
	}
	part := boards.Window(list, owner, size)
	if part == nil {
		return ok(nil)
	}
	return c.scores(part, f, owner)
}

func showTrollboard(c *call) (reply, error) {
	f, most, enabled := c.frame(), c.number("max_count", 100, 10000), c.truth("enabled", false)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	tallies, accounts, err := c.tallies(f)
	if err != nil {
		return reply{}, err
	}
	list := boards.Trollboard(tallies, accounts, enabled)
	list = list[:min(len(list), most)]
	out := trollboard{TimeFrame: f, LastUpdated: stamp(c.now), Trollboard: make([]trollScore, len(list))}
	for i, s := range list {
		if out.Trollboard[i], err = c.troll(s, f); err != nil {
			return reply{}, err
		}
	}
	return ok(out)
}

func (c *call) troll(s boards.TrollStanding, f reward.Frame) (trollScore, error) {
	name, row, did, err := c.line(s.Rank, s.Owner, f, domain.ContributorID{})
	if err != nil {
		return trollScore{}, err
	}
	t, marks := s.Trolling, s.Trolling.Labels.Marks
	out := trollScore{
		boardName: name, LastActivity: orNull(did.Last), Score: s.Score,
		RedFlags: t.RedFlags, Upvotes: t.Upvotes, Downvotes: t.Downvotes, SpamPrompts: t.SpamPrompts,
		Spam: marks[0], LangMismatch: marks[1], NotFit: marks[2], PII: marks[3], HateSpeech: marks[4], Sexual: marks[5], Political: marks[6],
	}
	if row != nil {
		out.Enabled, out.Deleted, out.Shown = !row.Disabled && !row.Erased, row.Erased, !row.Hidden && !row.Erased
	}
	for i, mean := range []**float64{&out.Quality, &out.Humor, &out.Toxicity, &out.Violence, &out.Helpfulness} {
		if n := t.Labels.Count[i]; n > 0 {
			x := float64(t.Labels.Sums[i]) / float64(n) / 1e9
			*mean = &x
		}
	}
	return out, nil
}
