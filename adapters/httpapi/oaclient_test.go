package httpapi_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func oaPeople(names ...string) []oaCore {
	all := make([]oaCore, len(names))
	for i, name := range names {
		all[i] = oaCore{name, strings.ToUpper(name[:1]) + name[1:], "local"}
	}
	return all
}

// The text frontend takes whatever is random until a tree is whole.
func TestOpenAssistantTextFrontend(t *testing.T) {
	c := newWorld(t, nil).newOAClient("", "")
	c.key = c.trusted
	people := oaPeople("ada", "ben", "cyd", "dan", "eve", "fay", "gus")
	for _, who := range people {
		u := sure[oaUser](c)(call[oaUser](c, "POST", "/api/v1/frontend_users/", nil, m{
			"id": who.ID, "display_name": who.DisplayName, "auth_method": who.AuthMethod, "tos_acceptance": true,
		}))
		if u.oaCore != who || u.TosAcceptanceDate == nil || !u.Enabled || u.Deleted {
			t.Fatalf("%s registers as %#v", who.ID, u)
		}
	}
	kinds := map[string]int{}
	for round := 0; len(c.exported()) == 0; round++ {
		if round == 100 {
			t.Fatalf("no tree is whole after %v", kinds)
		}
		for _, who := range people {
			kinds[c.takeOne(who)]++
		}
	}
	for _, kind := range []string{"initial_prompt", "prompter_reply", "assistant_reply", "rank_assistant_replies", "label_initial_prompt", "label_assistant_reply", "label_prompter_reply"} {
		if kinds[kind] == 0 {
			t.Errorf("random never gave %s: %v", kind, kinds)
		}
	}
	c.readsTree(c.exported()[0])
}

// exported lists the trees that are whole.
func (c *oaClient) exported() []oaUUID {
	c.t.Helper()
	ids := []oaUUID{}
	counts := sure[[]oaTreeCount](c)(get[[]oaTreeCount](c, "/stats/tree_manager/message_counts", "only_active", "false"))
	for _, tree := range counts {
		if tree.State == "ready_for_export" {
			ids = append(ids, tree.TreeID)
		}
	}
	return ids
}

// readsTree reads a whole tree along every path there is, and holds what it
// sees to the tree.
func (c *oaClient) readsTree(id oaUUID) {
	c.t.Helper()
	at := "/messages/" + string(id)
	state := sure[oaTreeState](c)(get[oaTreeState](c, at+"/tree/state"))
	tree := sure[oaTree](c)(get[oaTree](c, at+"/tree"))
	if state.TreeID != id || state.State != "ready_for_export" || state.Active || len(tree.Messages) < state.GoalSize {
		c.t.Errorf("a whole tree of %d messages is %#v", len(tree.Messages), state)
	}
	known, below := map[oaUUID]oaMessage{}, map[oaUUID][]oaMessage{}
	for _, message := range tree.Messages {
		known[*message.ID] = message
		if message.ParentID != nil {
			below[*message.ParentID] = append(below[*message.ParentID], message)
		}
		if *message.TreeID != id || message.FrontendID == nil {
			c.t.Errorf("%#v is in the tree %s", message, id)
		}
	}
	deepest, widest := 0, 0
	for _, message := range tree.Messages {
		path := "/messages/" + string(*message.ID)
		sameJSON(c.t, "message", sure[oaMessage](c)(get[oaMessage](c, path)), message)
		sameJSON(c.t, "children", sorted(sure[[]oaMessage](c)(get[[]oaMessage](c, path+"/children"))), sorted(below[*message.ID]))
		thread := sure[oaConversation](c)(get[oaConversation](c, path+"/conversation")).Messages
		c.takesTurns(oaConversation{thread}, message.Assistant)
		for here, i := message, len(thread)-1; i >= 0; i-- {
			sameJSON(c.t, "line of a conversation", thread[i], here.oaLine)
			if here.ParentID != nil {
				here = known[*here.ParentID]
			} else if i != 0 {
				c.t.Errorf("the conversation of %s has %d lines above its root", *message.ID, i)
			}
		}
		deepest, widest = max(deepest, len(thread)), max(widest, len(below[*message.ID]))
		byFrontend := "/frontend_messages/" + *message.FrontendID
		sameJSON(c.t, "by the frontend's id", sure[oaMessage](c)(get[oaMessage](c, byFrontend)), message)
		sameJSON(c.t, "tree by the frontend's id", sure[oaTree](c)(get[oaTree](c, byFrontend+"/tree")), tree)
	}
	longest := sure[oaConversation](c)(get[oaConversation](c, at+"/longest_conversation_in_tree"))
	if len(longest.Messages) != deepest {
		c.t.Errorf("the longest conversation has %d messages, want %d", len(longest.Messages), deepest)
	}
	family := sure[oaTree](c)(get[oaTree](c, at+"/max_children_in_tree"))
	if len(family.Messages) != widest+1 || family.Messages[0].ID == nil || len(below[family.ID]) != widest {
		c.t.Errorf("most children has %s: %d messages, want %d", family.ID, len(family.Messages), widest+1)
	}
	rest := sure[oaTree](c)(get[oaTree](c, at+"/descendants"))
	if rest.ID != id || len(rest.Messages) != len(tree.Messages)-1 {
		c.t.Errorf("%d messages are below the root of %d", len(rest.Messages), len(tree.Messages))
	}
}

func sorted(messages []oaMessage) []oaMessage {
	return slices.SortedFunc(slices.Values(messages), func(a, b oaMessage) int { return strings.Compare(string(*a.ID), string(*b.ID)) })
}

// losing does what it is asked, and loses the first answer to it.
type losing struct {
	http.RoundTripper
	lost bool
}

var errLost = errors.New("the answer is lost")

// RoundTrip implements http.RoundTripper.
func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if err != nil || l.lost {
		return res, err
	}
	l.lost = true
	return nil, errors.Join(errLost, res.Body.Close())
}

// The Python API client, as a bot uses it.
func TestOpenAssistantPythonClient(t *testing.T) {
	w := newWorld(t, nil)
	c := w.newOAClient(w.trusted, "")
	ada, ben := oaCore{"1057", "Ada", "discord"}, oaCore{"2210", "Ben", "discord"}
	en := "en"

	_, err := c.fetchTask("random", nil, false, nil)
	wantRefusal(t, err, 400, 4000)
	_, err = c.fetchTask("random", &ada, false, nil) // known from now on
	wantRefusal(t, err, 451, 4003)
	_, err = w.newOAClient("no key", "").fetchTask("random", &ada, false, nil)
	wantRefusal(t, err, 403, 2)
	for _, who := range []oaCore{ada, ben} {
		sure[oaUser](c)(c.acceptTerms(who))
	}

	task := sure[any](c)(c.fetchTask("random", &ada, false, nil)).(oaPromptTask)
	wantRefusal(t, c.ackTask(task.ID, ""), 400, 2000)
	wantRefusal(t, c.ackTask("00000000-0000-4000-8000-000000000000", "1"), 404, 2100)
	text := func(who oaCore, message, own, text string) m {
		return m{"type": "text_reply_to_message", "user": who, "message_id": message, "user_message_id": own, "text": text, "lang": nil}
	}
	_, err = c.postInteraction(text(ada, "post-1", "own-1", "Why is the sky blue?"))
	wantRefusal(t, err, 400, 2100) // nothing is bound to post-1 yet
	for range 2 {
		sure[none](c)(none{}, c.ackTask(task.ID, "post-1"))
	}
	wantRefusal(t, c.ackTask(task.ID, "post-2"), 400, 2103)

	for _, bad := range []struct {
		what         string
		body         m
		status, code int
	}{
		{"too long", text(ada, "post-1", "own-1", strings.Repeat("é", 2001)), 400, 1008},
		{"blank", text(ada, "post-1", "own-1", " \n "), 422, -1},
		{"no user", m{"type": "text_reply_to_message", "message_id": "post-1", "user_message_id": "own-1", "text": "x"}, 422, -1},
		{"another's task", text(ben, "post-1", "own-1", "Why is the sky blue?"), 400, 2106},
		{"unknown", text(ada, "post-7", "own-1", "Why is the sky blue?"), 400, 2100},
		{"ranking", m{"type": "message_ranking", "user": ada, "message_id": "post-1", "ranking": []int{0, 1}, "not_rankable": nil}, 400, 2102},
		{"a rating, as nobody asks for", m{"type": "message_rating", "user": ada, "message_id": "post-1", "rating": 3}, 400, 1003},
	} {
		_, err := c.postInteraction(bad.body)
		t.Run(bad.what, func(t *testing.T) { wantRefusal(t, err, bad.status, bad.code) })
	}

	good := text(ada, "post-1", "own-1", strings.Repeat("é", 2000))
	following := c.http.Transport
	c.http.Transport = &losing{RoundTripper: following}
	if _, err := c.postInteraction(good); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want a lost answer", err)
	}
	for range 2 {
		_ = sure[any](c)(c.postInteraction(good)).(oaTaskDone)
	}
	c.http.Transport = following
	_, err = c.postInteraction(text(ada, "post-1", "own-2", "And why is it red?"))
	wantRefusal(t, err, 400, 2105)
	if mine := sure[[]oaMessage](c)(get[[]oaMessage](c, "/messages", "username", ada.ID, "auth_method", "discord")); len(mine) != 1 {
		t.Errorf("%d messages, want 1", len(mine))
	}

	next := sure[any](c)(c.fetchTask("initial_prompt", &ada, false, &en)).(oaPromptTask)
	sure[none](c)(none{}, c.ackTask(next.ID, "post-3"))
	_, err = c.postInteraction(text(ada, "post-3", "own-3", good["text"].(string)))
	wantRefusal(t, err, 400, 1009)
	wantRefusal(t, c.nackTask(next.ID, m{"reason": "not in the mood"}), 400, 4000) // it tells nobody's name
	sure[none](c)(none{}, c.acting(ada).nackTask(next.ID, m{"reason": "not in the mood"}))
	wantRefusal(t, c.acting(ada).nackTask("00000000-0000-4000-8000-000000000000", m{"reason": nil}), 400, 2100)

	late := sure[any](c)(c.fetchTask("initial_prompt", &ben, false, &en)).(oaPromptTask)
	sure[none](c)(none{}, c.ackTask(late.ID, "post-4"))
	w.clock.Advance(48 * time.Hour)
	_, err = c.postInteraction(text(ben, "post-4", "own-4", "Too late, is it?"))
	wantRefusal(t, err, 400, 2101)

	for _, kind := range []oaRequest{"summarize_story", "rate_summary", "rank_initial_prompts", "rank_prompter_replies", "assistant_reply"} {
		_, err = c.fetchTask(kind, &ben, false, &en)
		wantRefusal(t, err, 503, 1006)
	}
	_, err = c.fetchTask("nonsense", &ben, false, &en)
	wantRefusal(t, err, 422, -1)
	for i := range 9 {
		_, err = c.fetchTask("initial_prompt", &ben, false, &en)
		if i == 8 {
			wantRefusal(t, err, 400, 1012)
		}
	}
	_, err = c.fetchTask("initial_prompt", &ada, true, &en) // each answer would be a tree of its own
	wantRefusal(t, err, 400, 0)
}

// An untrusted client works for its own contributors, and sees nobody else's.
func TestOpenAssistantUntrustedClient(t *testing.T) {
	w := newWorld(t, nil)
	site, bot := w.newOAClient(w.trusted, ""), w.newOAClient(w.untrusted, "")
	ada := oaCore{"ada", "Ada", "local"}
	foreign := site.acting(ada).joins(ada)
	theirs := site.acting(ada).writes("initial_prompt", ada, "A prompt of the site's Ada")

	// The same name at another client is another contributor. An untrusted one
	// accepts terms for its own as it registers them.
	own := sure[oaUser](bot)(call[oaUser](bot, "POST", "/api/v1/frontend_users/", nil, m{
		"id": "ada", "display_name": "Ada of the bot", "auth_method": "local", "tos_acceptance": true,
	}))
	if own.UserID == foreign || own.TosAcceptanceDate == nil {
		t.Errorf("the bot's Ada is %#v", own)
	}
	mine := bot.acting(own.oaCore).writes("initial_prompt", own.oaCore, "A prompt of the bot's Ada")

	for _, path := range []string{
		"", "/conversation", "/tree", "/tree/state", "/children", "/descendants", "/longest_conversation_in_tree", "/max_children_in_tree",
	} {
		_, err := bot.send(bot.request("GET", "/api/v1/messages/"+string(*theirs.ID)+path, nil, nil))
		wantRefusal(t, err, 404, 2001)
		sure[[]byte](bot)(bot.send(bot.request("GET", "/api/v1/messages/"+string(*mine.ID)+path, nil, nil)))
	}
	_, err := get[oaMessage](bot, "/frontend_messages/"+*theirs.FrontendID)
	wantRefusal(t, err, 404, 2001)
	for _, path := range []string{"", "/messages", "/messages/cursor"} {
		_, err := bot.send(bot.request("GET", "/api/v1/users/"+string(foreign)+path, nil, nil))
		wantRefusal(t, err, 404, 4002)
	}
	_, err = bot.setEmoji(*theirs.ID, own.oaCore, "+1", "add")
	wantRefusal(t, err, 404, 2001)
	for _, path := range []string{"/messages/cursor", "/users/" + string(own.UserID) + "/messages/cursor"} {
		if seen := walkPages[oaMessage](bot, path, 5); len(seen) != 1 || *seen[0].ID != *mine.ID {
			t.Errorf("at %s the bot sees %#v", path, seen)
		}
	}
	if seen := walkPages[oaUser](bot, "/users/cursor", 5, "sort_key", "username"); len(seen) != 1 || seen[0].UserID != own.UserID {
		t.Errorf("the bot sees the users %#v", seen)
	}
	if seen := walkPages[oaUser](site, "/users/cursor", 5, "sort_key", "username"); len(seen) != 2 {
		t.Errorf("the site sees the users %#v", seen)
	}
	for _, path := range []string{"/stats/", "/stats/tree_manager", "/trollboards/day", "/admin/flagged_messages", "/admin/backend_settings/full"} {
		_, err := bot.send(bot.request("GET", "/api/v1"+path, nil, nil))
		wantRefusal(t, err, 403, 2)
	}
	sure[none](site)(call[none](site, "PUT", "/api/v1/users/"+string(own.UserID), pairsOf([]string{"enabled", "false"}), nil))
	shut := sure[oaUser](bot)(call[oaUser](bot, "POST", "/api/v1/frontend_users/", nil, m{
		"id": "ada", "display_name": "Ada of the bot", "auth_method": "local", "enabled": true, "show_on_leaderboard": true, "notes": nil,
	}))
	if shut.Enabled {
		t.Error("an untrusted client enables whom a moderator disabled")
	}
	_, err = call[none](bot, "PUT", "/api/v1/users/"+string(own.UserID), pairsOf([]string{"tos_acceptance", "true"}), nil)
	wantRefusal(t, err, 403, 2)
	for _, halt := range []string{"true", "false"} {
		_, err = call[oaTreeState](bot, "PUT", "/api/v1/messages/"+string(*mine.ID)+"/tree/state", pairsOf([]string{"halt", halt}), nil)
		wantRefusal(t, err, 403, 2)
	}
}
