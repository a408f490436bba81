package httpapi

import (
	"errors"

	"dendro/domain"
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
	accounts, err := c.boardAccounts(ids)
	return tallies, accounts, err
}

// boardAccounts says whose accounts are, and how their owners stand; a request
// asks for each account once.
func (c *call) boardAccounts(ids []domain.ContributorID) ([]boards.Account, error) {
	if c.standing == nil {
		c.standing = map[domain.ContributorID]boards.Account{}
	}
	var ask []domain.ContributorID
	for _, id := range ids {
		if _, known := c.standing[id]; !known {
			ask = append(ask, id)
		}
	}
	if err := c.addStanding(ask); err != nil {
		return nil, err
	}
	accounts := make([]boards.Account, len(ids))
	for i, id := range ids {
		accounts[i] = c.standing[id]
	}
	return accounts, nil
}

func (c *call) addStanding(ids []domain.ContributorID) error {
	if len(ids) == 0 {
		return nil
	}
	mergers, err := c.mergers()
	if err != nil {
		return err
	}
	owners := make([]domain.ContributorID, len(ids))
	for i, id := range ids {
		owners[i] = mergers.Owner(id)
	}
	rows, err := c.views.Contributors(c.ctx(), owners)
	if err != nil {
		return err
	}
	for i, row := range rows {
		a := boards.Account{ID: ids[i], Owner: owners[i]}
		if row != nil {
			a.Enabled = !row.Disabled && !row.Erased
			a.Listed = a.Enabled && !row.Hidden
		}
		c.standing[a.ID] = a
	}
	return nil
}

func (c *call) leaders(f reward.Frame) ([]boards.Standing, error) {
	tallies, accounts, err := c.tallies(f)
	return boards.Leaderboard(tallies, accounts), err
}

// boardLine is what is known of an owner beside what a board counts.
type boardLine struct {
	name boardName
	row  *contributors.Contributor // nil when the log does not know the account
	did  boards.Activity
}

// lines renders the beginnings of a board's lines.
func (c *call) lines(owners []domain.ContributorID, f reward.Frame, highlight domain.ContributorID) ([]boardLine, error) {
	people, err := c.s.Directory.Persons(c.ctx(), owners)
	if err != nil {
		return nil, err
	}
	rows, err := c.views.Contributors(c.ctx(), owners)
	if err != nil {
		return nil, err
	}
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	did, err := c.views.Activities(c.ctx(), mergers.Accounts(owners))
	if err != nil {
		return nil, err
	}
	out := make([]boardLine, len(owners))
	for i, owner := range owners {
		n := boardName{
			UserID: owner, Highlighted: owner == highlight && !owner.IsZero(), BaseDate: orNull(f.Since(c.now)), Modified: stamp(c.now),
			Username: people[i].Login.Username, DisplayName: people[i].DisplayName, AuthMethod: people[i].Login.Method,
		}
		if people[i].ID.IsZero() {
			n.Username, n.DisplayName, n.AuthMethod = "deleted_"+owner.String(), "Deleted User", "local"
		}
		out[i] = boardLine{n, rows[i], did[i]}
	}
	return out, nil
}

func (c *call) score(s boards.Standing, line boardLine) userScore {
	p := s.Points
	out := userScore{
		boardName: line.name, Score: s.Score, Level: s.Level, Prompts: p.Prompts, RepliesAssistant: p.AssistantReplies,
		RepliesPrompter: p.PrompterReplies, LabelsSimple: p.LabelsSimple, LabelsFull: p.LabelsFull, Rankings: p.Rankings,
		RankingsGood: p.GoodRankings, AcceptedPrompts: p.AcceptedPrompts, AcceptedAssistant: p.AcceptedAssistantReplies,
		AcceptedPrompter: p.AcceptedPrompterReplies, Ranked1: p.First, Ranked2: p.Second, Ranked3: p.Third,
	}
	out.Rank = s.Rank
	var u frontEndUser
	if line.row != nil {
		u.StreakLastDay = orNull(line.row.Registered)
	}
	c.addActivity(&u, line.did)
	out.StreakLastDay, out.StreakDays, out.LastActivity = u.StreakLastDay, u.StreakDays, u.LastActivity
	return out
}

// scores renders standings.
func (c *call) scores(list []boards.Standing, f reward.Frame, highlight domain.ContributorID) ([]userScore, error) {
	owners := make([]domain.ContributorID, len(list))
	for i, s := range list {
		owners[i] = s.Owner
	}
	lines, err := c.lines(owners, f, highlight)
	if err != nil {
		return nil, err
	}
	out := make([]userScore, len(list))
	for i, s := range list {
		out[i] = c.score(s, lines[i])
	}
	return out, nil
}

// board renders part of a leaderboard.
func (c *call) board(list []boards.Standing, f reward.Frame, highlight domain.ContributorID) (reply, error) {
	scores, err := c.scores(list, f, highlight)
	if err != nil {
		return reply{}, err
	}
	return ok(leaderboard{TimeFrame: f, LastUpdated: stamp(c.now), Leaderboard: scores})
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
	return c.board(list[:min(len(list), most)], f, highlight)
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
			scores, err := c.scores([]boards.Standing{s}, f, owner)
			if err != nil {
				return reply{}, err
			}
			out[f] = scores[0]
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
	scores, err := c.scores([]boards.Standing{s}, f, owner)
	if err != nil {
		return reply{}, err
	}
	return ok(scores[0])
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
	return c.board(part, f, owner)
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
	trolls, err := c.trolls(list[:min(len(list), most)], f)
	if err != nil {
		return reply{}, err
	}
	return ok(trollboard{TimeFrame: f, LastUpdated: stamp(c.now), Trollboard: trolls})
}

// trolls renders standings of the trollboard.
func (c *call) trolls(list []boards.TrollStanding, f reward.Frame) ([]trollScore, error) {
	owners := make([]domain.ContributorID, len(list))
	for i, s := range list {
		owners[i] = s.Owner
	}
	lines, err := c.lines(owners, f, domain.ContributorID{})
	if err != nil {
		return nil, err
	}
	out := make([]trollScore, len(list))
	for i, s := range list {
		out[i] = troll(s, lines[i])
	}
	return out, nil
}

func troll(s boards.TrollStanding, line boardLine) trollScore {
	t, marks := s.Trolling, s.Trolling.Labels.Marks
	out := trollScore{
		boardName: line.name, LastActivity: orNull(line.did.Last), Score: s.Score,
		RedFlags: t.RedFlags, Upvotes: t.Upvotes, Downvotes: t.Downvotes, SpamPrompts: t.SpamPrompts,
		Spam: marks[0], LangMismatch: marks[1], NotFit: marks[2], PII: marks[3], HateSpeech: marks[4], Sexual: marks[5], Political: marks[6],
	}
	out.Rank = s.Rank
	if row := line.row; row != nil {
		out.Enabled, out.Deleted, out.Shown = !row.Disabled && !row.Erased, row.Erased, !row.Hidden && !row.Erased
	}
	for i, mean := range []**float64{&out.Quality, &out.Humor, &out.Toxicity, &out.Violence, &out.Helpfulness} {
		if n := t.Labels.Count[i]; n > 0 {
			x := float64(t.Labels.Sums[i]) / float64(n) / 1e9
			*mean = &x
		}
	}
	return out
}
