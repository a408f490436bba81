package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The web site's server side: everybody registers, writes, judges, looks around.
func TestOpenAssistantWebsite(t *testing.T) {
	w := newWorld(t, nil)
	people := oaPeople("ada", "ben", "cyd", "dan", "eve")
	ada, ben, cyd := people[0], people[1], people[2]
	site := w.newOAClient(w.trusted, "")
	ids := map[string]oaUUID{}
	for _, who := range people {
		ids[who.ID] = site.acting(who).joins(who)
	}

	prompt := site.acting(ada).writes("initial_prompt", ada, "How do I bake bread without an oven?")
	if got := sure[oaMessage](site)(get[oaMessage](site.acting(ben), "/messages/"+string(*prompt.ID), "username", "ben", "auth_method", "local")); *got.Author || *got.UserID != ids["ada"] || got.User != nil {
		t.Errorf("Ben sees Ada's prompt as %#v", got)
	}
	if got := sure[oaMessage](site)(get[oaMessage](site.acting(ada), "/messages/"+string(*prompt.ID))); !*got.Author {
		t.Errorf("Ada sees her prompt as %#v", got)
	}
	site.acting(ben).skips(ben, prompt)
	for _, who := range people[2:] {
		site.acting(who).judges("label_initial_prompt", who)
	}
	if got := sure[oaMessage](site)(get[oaMessage](site, "/messages/"+string(*prompt.ID))); got.ReviewResult == nil || !*got.ReviewResult || *got.ReviewCount != 3 {
		t.Errorf("the prompt after its reviews is %#v", got)
	}
	if state := sure[oaTreeState](site)(get[oaTreeState](site, "/messages/"+string(*prompt.ID)+"/tree/state")); state.State != "growing" || !state.Active {
		t.Errorf("the tree is %#v", state)
	}
	for _, who := range []oaCore{ben, cyd} {
		site.acting(who).writes("assistant_reply", who, "Take a pot, says "+who.DisplayName)
	}
	replies := sure[[]oaMessage](site)(get[[]oaMessage](site, "/messages/"+string(*prompt.ID)+"/children"))
	if len(replies) != 2 || !replies[0].Assistant || *replies[0].ParentID != *prompt.ID {
		t.Fatalf("below the prompt is %#v", replies)
	}
	site.acting(people[4]).repliesTwice(people[4])
	site.together(ada, people[3])
	site.reacts(replies[0], ada, ben)
	site.reports(replies[1], ada)
	site.ranks(people, ids)
	site.turnsPages(ada, ids)
	site.moderates(replies[1], ben, ids["ben"])
}

// joins registers somebody as the site does for who signs in the first time.
func (c *oaClient) joins(who oaCore) oaUUID {
	c.t.Helper()
	_, err := c.frontendUser(who)
	wantRefusal(c.t, err, 404, 4002)
	_, err = get[oaLeaderboard](c, "/leaderboards/day")
	wantRefusal(c.t, err, 404, 4002)
	early := who
	early.DisplayName = "Somebody new"
	_, err = c.fetchTask("random", &early, false, nil) // registers
	wantRefusal(c.t, err, 451, 4003)
	if u := sure[oaUser](c)(c.frontendUser(who)); u.TosAcceptanceDate != nil || u.DisplayName != "Somebody new" || u.CreatedDate == nil {
		c.t.Errorf("before the terms, %s is %#v", who.ID, u)
	}
	_, err = c.availableTasks(who, "en")
	wantRefusal(c.t, err, 451, 4003)
	known := sure[oaUser](c)(c.acceptTerms(who))
	u := sure[oaUser](c)(c.frontendUser(who))
	if u.TosAcceptanceDate == nil || u.oaCore != who || u.UserID != known.UserID || u.Notes != "" || !u.ShowOnLeaderboard {
		c.t.Errorf("with the terms accepted, %s is %#v", who.ID, u)
	}
	sameJSON(c.t, "a user by id", sure[oaUser](c)(get[oaUser](c, "/users/"+string(u.UserID))), u)
	for _, lang := range []string{"", "en"} {
		available := sure[map[string]int](c)(c.availableTasks(who, lang))
		for _, kind := range oaRequests {
			if _, ok := available[string(kind)]; !ok || len(available) != len(oaRequests) {
				c.t.Errorf("tasks available: %v; want %s", available, kind)
			}
		}
	}
	return u.UserID
}

// writes does a task of a kind with a text, and gives the message.
func (c *oaClient) writes(kind oaRequest, who oaCore, text string) oaMessage {
	c.t.Helper()
	task := sure[any](c)(c.fetchTask(kind, &who, false, nil))
	var head oaTask
	switch task := task.(type) {
	case oaPromptTask:
		head = task.oaTask
	case oaAssistantTask:
		head = task.oaTask
	default:
		c.t.Fatalf("asked for %s, given %#v", kind, task)
	}
	local, own := freshID(), freshID()
	sure[none](c)(none{}, c.ackTask(head.ID, local))
	_ = sure[any](c)(c.interact("text_reply_to_message", head.ID, local, own, m{"text": text}, who)).(oaTaskDone)
	message := sure[oaMessage](c)(get[oaMessage](c, "/frontend_messages/"+own))
	if message.Text != text || *message.FrontendID != own || *message.Lang != "en" || *message.ReviewCount != 0 || message.ReviewResult != nil {
		c.t.Errorf("%q was written, %#v is there", text, message)
	}
	return message
}

// repliesTwice comes back for a task it still has, and may answer once only.
func (c *oaClient) repliesTwice(who oaCore) {
	c.t.Helper()
	forgotten := sure[any](c)(c.fetchTask("assistant_reply", &who, false, nil)).(oaAssistantTask)
	local := freshID()
	sure[none](c)(none{}, c.ackTask(forgotten.ID, local))
	c.clock.Advance(5 * time.Minute)
	c.writes("assistant_reply", who, "Take a grill")
	_, err := c.interact("text_reply_to_message", forgotten.ID, local, freshID(), m{"text": "Take two grills"}, who)
	wantRefusal(c.t, err, 400, 1011)
}

// judges gives every label of a label task.
func (c *oaClient) judges(kind oaRequest, who oaCore) {
	c.t.Helper()
	task := sure[any](c)(c.fetchTask(kind, &who, false, nil)).(oaLabelPromptTask)
	if task.Mode != "full" || task.Disposition != "quality" {
		c.t.Errorf("a task asked for by its type is %s, %s", task.Mode, task.Disposition)
	}
	valid := sure[oaLabels](c)(get[oaLabels](c, "/text_labels/valid_labels", "message_id", string(task.MessageID)))
	sameJSON(c.t, "the labels of a task", task.Labels, valid.Valid)
	send := func(message oaUUID, labels m) error {
		_, err := c.interact("text_labels", task.ID, string(message), freshID(), m{"text": task.Prompt, "labels": labels, "message_id": message}, who)
		return err
	}
	labels := m{}
	for _, l := range task.Labels {
		labels[l.Name] = map[oaWidget]float64{"likert": 0.75}[l.Widget]
	}
	wantRefusal(c.t, send(task.MessageID, labels), 400, 2104)
	sure[none](c)(none{}, c.ackTask(task.ID, freshID()))
	wantRefusal(c.t, send(task.ID, labels), 400, 2050)
	wantRefusal(c.t, send(task.MessageID, m{"quality": 0.5}), 400, 2052)
	wantRefusal(c.t, send(task.MessageID, m{"spam": 0, "helpfulness": 1}), 400, 2051)
	wantRefusal(c.t, send(task.MessageID, m{"spam": 1.5}), 422, -1)
	for range 2 {
		sure[none](c)(none{}, send(task.MessageID, labels))
	}
	wantRefusal(c.t, send(task.MessageID, m{"spam": 1}), 400, 2105)
}

// skips declines a review; the message remembers it, and it comes no more.
func (c *oaClient) skips(who oaCore, message oaMessage) {
	c.t.Helper()
	task := sure[any](c)(c.fetchTask("label_initial_prompt", &who, false, nil)).(oaLabelPromptTask)
	sure[none](c)(none{}, c.nackTask(task.ID, m{}))
	if got := sure[oaMessage](c)(get[oaMessage](c, "/messages/"+string(*message.ID))); got.Emojis["_skip_labeling"] != 1 {
		c.t.Errorf("after a skip the message has the emojis %v", got.Emojis)
	}
	_, err := c.fetchTask("label_initial_prompt", &who, false, nil)
	wantRefusal(c.t, err, 503, 1006)
}

// together lets two answer a collective task until it is closed.
func (c *oaClient) together(one, two oaCore) {
	c.t.Helper()
	task := sure[any](c)(c.fetchTask("label_assistant_reply", &one, true, nil)).(oaLabelReplyTask)
	sure[none](c)(none{}, c.acting(one).ackTask(task.ID, "post-9"))
	labels := func(who oaCore) error {
		return sureErr(c.interact("text_labels", task.ID, "", "", m{"text": task.Reply, "labels": m{"spam": 0}, "message_id": task.MessageID}, who))
	}
	for _, who := range []oaCore{one, two} {
		sure[none](c)(none{}, labels(who))
	}
	_ = sure[any](c)(c.acting(one).task("/tasks/close", m{"message_id": "post-9"})).(oaTaskDone)
	wantRefusal(c.t, labels(oaCore{"eve", "Eve", "local"}), 400, 2105)
	wantRefusal(c.t, sureErr(c.acting(one).task("/tasks/close", m{"message_id": "post-8"})), 400, 2100)
}

func sureErr(_ any, err error) error { return err }

// reacts puts emojis on a message and takes them off.
func (c *oaClient) reacts(message oaMessage, who, author oaCore) {
	c.t.Helper()
	if *message.UserID != sure[oaUser](c)(c.frontendUser(author)).UserID {
		c.t.Fatalf("%s did not write %#v", author.ID, message)
	}
	for i, step := range []struct {
		by        oaCore
		emoji, op string
		all       map[string]int
		own       []string
	}{
		{who, "+1", "add", map[string]int{"+1": 1}, []string{"+1"}},
		{who, "+1", "add", map[string]int{"+1": 1}, []string{"+1"}},
		{who, "-1", "toggle", map[string]int{"-1": 1}, []string{"-1"}},
		{author, "+1", "add", map[string]int{"-1": 1}, []string{}},
		{author, "rofl", "toggle", map[string]int{"-1": 1, "rofl": 1}, []string{"rofl"}},
		{who, "-1", "toggle", map[string]int{"rofl": 1}, []string{}},
		{who, "heart_eyes", "remove", map[string]int{"rofl": 1}, []string{}},
	} {
		got := sure[oaMessage](c)(c.acting(step.by).setEmoji(*message.ID, step.by, step.emoji, step.op))
		sameJSON(c.t, fmt.Sprintf("emojis after step %d", i), got.Emojis, step.all)
		sameJSON(c.t, fmt.Sprintf("own emojis after step %d", i), got.UserEmojis, step.own)
	}
	_, err := c.setEmoji(*message.ID, who, "smile", "add")
	wantRefusal(c.t, err, 422, -1)
	_, err = c.setEmoji("00000000-0000-4000-8000-000000000000", who, "+1", "add")
	wantRefusal(c.t, err, 404, 2001)
}

// reports labels a message freely and reports it; a moderator sees it through.
func (c *oaClient) reports(message oaMessage, who oaCore) {
	c.t.Helper()
	id := *message.ID
	form := sure[oaLabels](c)(get[oaLabels](c, "/text_labels/report_labels"))
	if form.Valid[0].Name != "spam" || len(form.Valid) != 10 {
		c.t.Errorf("the report form is %#v", form)
	}
	sure[none](c)(none{}, c.setLabels(id, who, m{"quality": 0.25, "spam": 0}))
	wantRefusal(c.t, c.setLabels(id, who, m{"no_such_label": 1}), 422, -1)
	wantRefusal(c.t, c.setLabels("00000000-0000-4000-8000-000000000000", who, m{"spam": 1}), 404, 2001)
	if flagged := sure[[]oaFlagged](c)(get[[]oaFlagged](c, "/admin/flagged_messages")); len(flagged) != 0 {
		c.t.Errorf("flagged before a report: %v", flagged)
	}
	sure[none](c)(none{}, c.report(id, who, "please look at this"))
	if got := sure[oaMessage](c)(get[oaMessage](c.acting(who), "/messages/"+string(id))); got.Emojis["red_flag"] != 1 || !slices.Contains(got.UserEmojis, "red_flag") {
		c.t.Errorf("a reported message has the emojis %v", got.Emojis)
	}
	flagged := walkPages[oaFlagged](c, "/admin/flagged_messages/cursor", 10)
	if len(flagged) != 1 || flagged[0].MessageID != id || flagged[0].Processed {
		c.t.Errorf("flagged after a report: %v", flagged)
	}
	done := sure[oaFlagged](c)(call[oaFlagged](c, "POST", "/api/v1/admin/flagged_messages/"+string(id)+"/processed", nil, nil))
	if !done.Processed || done.MessageID != id {
		c.t.Errorf("processed: %#v", done)
	}
}

// ranks reads boards, scores and statistics.
func (c *oaClient) ranks(people []oaCore, ids map[string]oaUUID) {
	c.t.Helper()
	ada := people[0]
	for _, frame := range []string{"day", "week", "month", "total"} {
		board := sure[oaLeaderboard](c)(get[oaLeaderboard](c.acting(ada), "/leaderboards/"+frame, "max_count", "20"))
		if board.TimeFrame != frame || len(board.Leaderboard) != len(people) {
			c.t.Errorf("%s: %#v", frame, board)
		}
		for i, score := range board.Leaderboard {
			if score.Rank == nil || *score.Rank != i+1 || score.Highlighted != (score.Username == ada.ID) || (score.BaseDate == nil) != (frame == "total") {
				c.t.Errorf("%s, place %d: %#v", frame, i, score)
			}
			one := sure[oaScore](c)(get[oaScore](c, "/users/"+string(score.UserID)+"/stats/"+frame))
			if !one.Highlighted || one.LeaderScore != score.LeaderScore || *one.Rank != *score.Rank {
				c.t.Errorf("%s: on the board %#v, alone %#v", frame, score, one)
			}
			window := sure[oaLeaderboard](c)(get[oaLeaderboard](c, "/users/"+string(score.UserID)+"/stats/"+frame+"/window", "window_size", "3"))
			for _, s := range window.Leaderboard {
				if board.Leaderboard[*s.Rank-1].UserID != s.UserID || s.Highlighted != (s.UserID == score.UserID) {
					c.t.Errorf("%s: the window around %s has %#v", frame, score.Username, s)
				}
			}
			if n := len(window.Leaderboard); n < 2 || n > 4 {
				c.t.Errorf("%s: the window around %s has %d lines", frame, score.Username, n)
			}
		}
		trolls := sure[oaTrollboard](c)(get[oaTrollboard](c, "/trollboards/"+frame, "max_count", "3", "enabled", "true"))
		if trolls.TimeFrame != frame || len(trolls.Trollboard) == 0 || trolls.Trollboard[0].RedFlags != 1 {
			c.t.Errorf("%s: %#v", frame, trolls)
		}
		sure[none](c)(call[none](c, "POST", "/api/v1/leaderboards/update/"+frame, nil, nil))
	}
	all := sure[map[string]oaScore](c)(get[map[string]oaScore](c, "/users/"+string(ids["ada"])+"/stats"))
	if total := all["total"]; len(all) != 4 || total.Prompts != 1 || total.AcceptedPrompts != 1 {
		c.t.Errorf("Ada's scores are %#v", all)
	}
	if stats := sure[oaStats](c)(get[oaStats](c, "/stats/")); stats.All != 4 || stats.Active != 4 || stats.ActiveByLang["en"] != 4 || stats.MessageTrees != 1 {
		c.t.Errorf("statistics: %#v", stats)
	}
	if trees := sure[oaTreeManager](c)(get[oaTreeManager](c, "/stats/tree_manager")); trees.StateCounts["growing"] != 1 {
		c.t.Errorf("trees: %#v", trees)
	}
	cached := sure[oaCached](c)(get[oaCached](c, "/stats/cached"))
	for _, name := range []string{"human_messages_by_lang", "human_messages_by_role", "message_trees_by_state", "message_trees_states_by_lang", "users_accepted_tos"} {
		if cached.ByName[name].Name != name {
			c.t.Errorf("statistics %s: %#v", name, cached.ByName[name])
		}
	}
	if s := sure[oaSettings](c)(get[oaSettings](c, "/admin/backend_settings/public")); s.API != "/api/v1" || s.SizeLimit != 2000 {
		c.t.Errorf("settings: %#v", s)
	}
}

// turnsPages writes enough for pages, and turns them.
func (c *oaClient) turnsPages(who oaCore, ids map[string]oaUUID) {
	c.t.Helper()
	for i := range 6 {
		c.acting(who).writes("initial_prompt", who, fmt.Sprintf("Question number %d about the garden", i))
	}
	me := "/users/" + string(ids[who.ID]) + "/messages"
	whole := sure[[]oaMessage](c)(get[[]oaMessage](c, me, "max_count", "1000"))
	if len(whole) != 7 {
		c.t.Errorf("%s wrote %d messages, want 7", who.ID, len(whole))
	}
	oldest := slices.Clone(whole) // the newest is first
	slices.Reverse(oldest)
	if !slices.IsSortedFunc(oldest, func(a, b oaMessage) int { return strings.Compare(string(*a.CreatedDate), string(*b.CreatedDate)) }) {
		c.t.Error("a listing is not by time")
	}
	for count := 1; count <= 8; count++ {
		sameJSON(c.t, "pages by id, oldest first", walkPages[oaMessage](c, me+"/cursor", count), oldest)
	}
	named := []string{"username", who.ID, "auth_method", string(who.AuthMethod)}
	sameJSON(c.t, "pages by name, newest first", walkPages[oaMessage](c, "/messages/cursor", 3, append(named, "desc", "true")...), whole)
	sameJSON(c.t, "pages of a frontend's user", walkPages[oaMessage](c, "/frontend_users/local/"+who.ID+"/messages/cursor", 2), oldest)
	sameJSON(c.t, "a listing by name", sure[[]oaMessage](c)(get[[]oaMessage](c, "/messages", named...)), whole)
	for _, message := range walkPages[oaMessage](c, "/messages/cursor", 2, "include_user", "true") {
		if message.User == nil || message.User.UserID != *message.UserID {
			c.t.Errorf("with its user a message is %#v", message)
		}
	}
	if found := walkPages[oaMessage](c, "/messages/cursor", 4, "search_query", "garden", "lang", "en"); len(found) != 6 {
		c.t.Errorf("the garden is found %d times, want 6", len(found))
	}
	roots := walkPages[oaMessage](c, "/messages/cursor", 4, "only_roots", "true", "lang", "en")
	if len(roots) != 7 || len(walkPages[oaMessage](c, "/messages/cursor", 4, "lang", "de")) != 0 {
		c.t.Errorf("%d roots, want 7", len(roots))
	}
	for _, key := range []string{"username", "display_name"} {
		for count := 1; count <= 6; count++ {
			users := walkPages[oaUser](c, "/users/cursor", count, "sort_key", key)
			listed := sure[[]oaUser](c)(get[[]oaUser](c, "/users/by_"+key))
			sameJSON(c.t, "users by "+key, users, listed)
			if len(users) != len(ids) {
				c.t.Errorf("%d users, want %d", len(users), len(ids))
			}
		}
	}
	if found := walkPages[oaUser](c, "/users/cursor", 10, "sort_key", "display_name", "search_text", "Ad"); len(found) != 1 || found[0].oaCore != who {
		c.t.Errorf("found %#v", found)
	}
	_, err := get[oaPage[oaUser]](c, "/users/cursor", "sort_key", "age")
	wantRefusal(c.t, err, 400, 100)
	_, err = get[oaPage[oaMessage]](c, "/messages/cursor", "after", "rubbish")
	wantRefusal(c.t, err, 400, 101)
	_, err = get[[]oaMessage](c, "/messages", "username", who.ID)
	wantRefusal(c.t, err, 400, 2012)
}

// moderates edits, deletes and restores a message, stops its tree, and shuts
// its author out.
func (c *oaClient) moderates(message oaMessage, moderator oaCore, author oaUUID) {
	c.t.Helper()
	at := "/messages/" + string(*message.ID)
	read := func() oaMessage {
		c.t.Helper()
		return sure[oaMessage](c)(get[oaMessage](c, at))
	}
	do := func(method, path string, query []string, body any) {
		c.t.Helper()
		sure[none](c)(call[none](c, method, "/api/v1"+path, pairsOf(query), body))
	}
	do("POST", at+"/edit", nil, m{"user": moderator, "new_content": "Take a pan"})
	if got := read(); !*got.Edited || got.Text != "Take a pan" {
		c.t.Errorf("an edited message is %#v", got)
	}
	history := sure[[]oaRevision](c)(get[[]oaRevision](c, at+"/history"))
	if len(history) == 0 || history[0].Text != message.Text {
		c.t.Errorf("its history is %#v", history)
	}
	do("DELETE", at, nil, nil)
	if got := read(); !*got.Deleted {
		c.t.Errorf("a deleted message is %#v", got)
	}
	tree := func(pairs ...string) int {
		c.t.Helper()
		return len(sure[oaTree](c)(get[oaTree](c, at+"/tree", pairs...)).Messages)
	}
	if without, with := tree(), tree("include_spam", "true", "include_deleted", "true"); without != 3 || with != 4 {
		c.t.Errorf("the tree shows %d messages without and %d with the deleted", without, with)
	}
	do("PUT", at+"/undelete", nil, nil)
	if got := read(); *got.Deleted {
		c.t.Errorf("a restored message is %#v", got)
	}
	for _, halt := range []struct{ query, state string }{{"true", "halted_by_moderator"}, {"false", "growing"}} {
		state := sure[oaTreeState](c)(call[oaTreeState](c, "PUT", "/api/v1"+at+"/tree/state", pairsOf([]string{"halt", halt.query}), nil))
		if state.State != halt.state {
			c.t.Errorf("halt=%s: %#v", halt.query, state)
		}
	}
	user := "/users/" + string(author)
	do("PUT", user, []string{"enabled", "false", "notes", "writes spam, it seems", "show_on_leaderboard", "false"}, nil)
	u := sure[oaUser](c)(get[oaUser](c, user))
	if u.Enabled || u.Notes != "writes spam, it seems" || u.ShowOnLeaderboard {
		c.t.Errorf("shut out, the user is %#v", u)
	}
	_, err := c.acting(u.oaCore).fetchTask("random", &u.oaCore, false, nil)
	wantRefusal(c.t, err, 503, 4001)
}
