package main

import (
	"fmt"
	"net/url"
	"testing"

	"dendro/adapters/bolt"
)

// purging is a server on a crowd's campaign, whose moderators purge people.
type purging struct {
	*frontend
	dir string
}

func newPurging(t *testing.T, seed string) *purging {
	dir := t.TempDir()
	fine(t, "simulate", "--data", dir, "--seed", seed, "--contributors", "20", "--tasks", "700")
	server := startServer(t, dir, "--dev", "--rate-limits", "off")
	return &purging{&frontend{t: t, server: server, key: "any"}, dir}
}

// moderator makes somebody known who can moderate, and gives the header's value.
func (p *purging) moderator(name string) string {
	p.register(map[string]any{"id": name, "display_name": name, "auth_method": "local"})
	return "&oasst_user=" + url.QueryEscape("local:"+name)
}

// texts tells which messages stand, and the states of their trees.
func (p *purging) standing() (messages map[string]bool, states map[string]string) {
	messages, states = map[string]bool{}, map[string]string{}
	for _, m := range p.messages() {
		messages[m.ID] = true
	}
	var trees []struct {
		ID    string `json:"message_tree_id"`
		State string
	}
	p.send(200, "GET", "/stats/tree_manager/message_counts?only_active=false", nil, &trees)
	for _, x := range trees {
		states[x.ID] = x.State
	}
	return messages, states
}

type effect struct {
	Preview  bool
	Deleted  int `json:"messages_deleted"`
	Restored int `json:"messages_restored"`
	Halted   int `json:"trees_halted"`
	Resumed  int `json:"trees_resumed"`
	Reopened int `json:"messages_reopened"`
	Accepted int `json:"messages_accepted"`
	Rejected int `json:"messages_rejected"`
	Merged   int `json:"rankings_merged"`
}

// people lists those who wrote something.
func (p *purging) writers() (ids []string) {
	seen := map[string]bool{}
	for _, m := range p.messages() {
		if !seen[m.User] {
			seen[m.User], ids = true, append(ids, m.User)
		}
	}
	return ids
}

// A purge does what its preview says, and its reversal brings back exactly what
// it took, and nothing else: what a moderator restored, or deleted, meanwhile
// stays so.
func TestPurgeAndReversal(t *testing.T) {
	p := newPurging(t, "8")
	by := p.moderator("mia")
	for n, who := range p.writers()[:3] {
		before, states := p.standing()
		var foreseen, back effect
		p.send(200, "GET", "/users/"+who+"/purges/preview?ban=true", nil, &foreseen)
		p.send(200, "POST", "/admin/purge_user/"+who+"?preview=false&reason=spam"+by, nil, nil)
		after, _ := p.standing()
		if gone := len(before) - len(after); gone != foreseen.Deleted || gone == 0 {
			t.Errorf("%d messages went, %d were foreseen", gone, foreseen.Deleted)
		}
		var list []struct {
			Act    string `json:"act_id"`
			Status string
			Ban    bool
		}
		p.send(200, "GET", "/users/"+who+"/purges", nil, &list)
		if len(list) != 1 || list[0].Status != "done" || !list[0].Ban {
			t.Fatalf("the purges are %+v", list)
		}
		var user struct{ Enabled bool }
		if p.send(200, "GET", "/users/"+who, nil, &user); user.Enabled {
			t.Error("who was purged is enabled")
		}
		path := "/users/" + who + "/purges/" + list[0].Act + "/reverse?reason=a+mistake" + by
		p.send(200, "POST", path+"&preview=true", nil, &back)
		if again, _ := p.standing(); len(again) != len(after) {
			t.Fatal("a preview changes something")
		}
		kept := map[string]bool{}
		if n == 0 { // a moderator looked at it in between
			for id := range before {
				if !after[id] && !kept[id] && len(kept) == 0 && p.send1("PUT", "/messages/"+id+"/undelete") == 202 {
					kept[id] = true
				}
			}
		}
		p.send(200, "POST", path+"&preview=false", nil, nil)
		if n > 0 && back.Restored != foreseen.Deleted {
			t.Errorf("%d messages were foreseen to come back, %d went", back.Restored, foreseen.Deleted)
		}
		now, nowStates := p.standing()
		for id := range before {
			if !now[id] {
				t.Errorf("message %s did not come back", id)
			}
		}
		for id, state := range states {
			// What votes decided anew while they did not count stays decided: an
			// accepted message stays accepted (spec: collection §4).
			if s := nowStates[id]; s != state && foreseen.Reopened+foreseen.Accepted+foreseen.Rejected+foreseen.Merged == 0 {
				t.Errorf("tree %s was %s, and is %s", id, state, s)
			}
		}
		if p.send(200, "GET", "/users/"+who, nil, &user); !user.Enabled {
			t.Error("who was purged by mistake is not enabled again")
		}
		p.send(200, "POST", path+"&preview=false", nil, nil) // again: nothing
	}
	p.sound()
}

// send1 sends a request once, and gives the status.
func (p *purging) send1(method, path string) int {
	status, _ := p.exchange(method, path, "", nil)
	return status
}

// sound holds the log to every rule.
func (p *purging) sound() {
	p.t.Helper()
	p.server.end()
	log, err := bolt.Open(p.t.Context(), p.dir, bolt.Options{ReadOnly: true})
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	if _, err := verifyEvents(p.t.Context(), log, newProgress(nil, "")); err != nil {
		p.t.Error(err)
	}
}

// Where a purge takes two people, nothing happens before the second one says so;
// and a server that stops between the order and its execution finishes it.
func TestPurgeByTwoPeople(t *testing.T) {
	p := newPurging(t, "9")
	mia, joe := p.moderator("mia"), p.moderator("joe")
	p.send(204, "PUT", "/admin/two_person_purge?on=true&reason=after+an+accident", nil, nil)
	who := p.writers()[0]
	before, _ := p.standing()
	if status := p.send1("POST", "/admin/purge_user/"+who+"?preview=false"); status != 400 {
		t.Errorf("a client proposes: %d", status)
	}
	var proposed struct {
		Act string `json:"act_id"`
	}
	p.send(202, "POST", "/admin/purge_user/"+who+"?preview=false"+mia, nil, &proposed)
	path := fmt.Sprintf("/users/%s/purges/%s", who, proposed.Act)
	if status := p.send1("POST", path+"/approve?x=1"+mia); status != 400 {
		t.Errorf("who proposed approves: %d", status)
	}
	if status := p.send1("POST", path+"/approve"); status != 400 {
		t.Errorf("a client approves: %d", status)
	}
	if now, _ := p.standing(); len(now) != len(before) {
		t.Error("a proposal changes something")
	}
	p.send(204, "PUT", "/admin/two_person_purge?on=false", nil, nil)
	if status := p.send1("POST", path+"/approve?x=1"+mia); status != 400 {
		t.Errorf("who proposed approves when the switch is off: %d", status)
	}
	p.send(204, "POST", path+"/approve?x=1"+joe, nil, nil)
	now, _ := p.standing()
	if len(now) >= len(before) {
		t.Error("an approved purge takes nothing")
	}
	other := p.writers()[0]
	p.send(204, "PUT", "/admin/two_person_purge?on=true", nil, nil)
	p.send(202, "POST", "/admin/purge_user/"+other+"?preview=false"+mia, nil, &proposed)
	p.send(204, "POST", fmt.Sprintf("/users/%s/purges/%s/withdraw?reason=no%s", other, proposed.Act, mia), nil, nil)
	if status := p.send1("POST", fmt.Sprintf("/users/%s/purges/%s/approve?x=1%s", other, proposed.Act, joe)); status != 400 {
		t.Errorf("a withdrawn proposal is approved: %d", status)
	}
	p.sound()
}
