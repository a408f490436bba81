package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/boards"
	"dendro/projections/conversations"

	"github.com/google/go-cmp/cmp"
)

// Nodes and brokers are killed for killSeconds, unless the environment says
// otherwise (DENDRO_KILL_SECONDS=600 is the long run), and each kind no less
// often than minHits. A fleet that acknowledges nothing for the length of
// killPatience after it was mended does not come back.
const (
	killSeconds  = 20
	minHits      = 3
	killPatience = 2 * time.Minute
)

// TestClusterSurvivesKills lets clients submit while nodes and brokers are
// killed, frozen and restarted; after each time the fleet acknowledges
// submissions again. Then every acknowledged submission is in the
// log exactly once, no other one twice, the log keeps all rules, and all nodes
// show what a rebuild shows.
func TestClusterSurvivesKills(t *testing.T) {
	seconds := killSeconds
	if n, err := strconv.Atoi(os.Getenv("DENDRO_KILL_SECONDS")); err == nil {
		seconds = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("what is killed when follows from seed %d", seed)
	f := newFleet(t, 3, 3)
	k := &kills{fleet: f}
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for i := range 12 {
		clients.Go(func() { k.work(ctx, i, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	k.havoc(time.Duration(seconds)*time.Second, seed)
	stop()
	clients.Wait()
	for _, n := range f.nodes {
		n.waitUntilReady(time.Minute)
	}
	t.Logf("%d nodes and %d brokers were killed or frozen; %d submissions acknowledged, %d given up", k.nodesHit, k.brokersHit, len(k.acknowledged), k.lost.Load())
	k.verify()
}

// kills is a fleet under attack, and what its clients know.
type kills struct {
	*fleet
	mu                   sync.Mutex
	acknowledged         []string     // tasks whose submission was
	lost                 atomic.Int64 // submissions whose clients gave up without an answer
	nodesHit, brokersHit int
}

// havoc hits one node after the other, and beside that one broker after the
// other, and mends them again: a majority of brokers is always there. Neither
// kind is hit again before a submission was acknowledged since it was mended:
// so a slow machine is hit less often, and no fleet stays down unseen.
func (k *kills) havoc(lasting time.Duration, seed uint64) {
	end := time.Now().Add(lasting)
	var both sync.WaitGroup
	both.Go(func() {
		dice := rand.New(rand.NewPCG(seed, 1000))
		for back := true; back && (k.nodesHit < minHits || time.Now().Before(end)); k.nodesHit++ {
			n := k.nodes[dice.IntN(len(k.nodes))]
			k.hitNode(n, dice)
			back = k.comesBack("node " + n.url)
		}
	})
	both.Go(func() {
		dice := rand.New(rand.NewPCG(seed, 1001))
		for back := true; back && (k.brokersHit < minHits || time.Now().Before(end)); k.brokersHit++ {
			broker := dice.IntN(3)
			k.hitBroker(broker, dice)
			back = k.comesBack(fmt.Sprint("broker ", broker))
		}
	})
	both.Wait()
}

// comesBack waits until another submission is acknowledged.
func (k *kills) comesBack(from string) bool {
	before := k.count()
	for deadline := time.Now().Add(killPatience); k.count() == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.t.Errorf("since %s was mended, nothing was acknowledged in %v", from, killPatience)
			return false
		}
	}
	return true
}

func (k *kills) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.acknowledged)
}

func (k *kills) hitNode(n *fleetNode, dice *rand.Rand) {
	pause := time.Duration(dice.IntN(2500)) * time.Millisecond
	switch dice.IntN(5) {
	case 0, 1:
		n.kill()
		time.Sleep(pause / 4)
		n.start()
	case 2, 3: // frozen for longer than its session, and woken as a zombie
		n.signal(syscall.SIGSTOP)
		time.Sleep(2*fleetSession + pause)
		n.signal(syscall.SIGCONT)
	case 4:
		n.stop()
		n.start()
	}
	time.Sleep(time.Duration(dice.IntN(1500)) * time.Millisecond)
}

func (k *kills) hitBroker(broker int, dice *rand.Rand) {
	pause := time.Duration(200+dice.IntN(2500)) * time.Millisecond
	if dice.IntN(2) == 0 {
		k.brokers.Kill(k.t, broker)
		time.Sleep(pause)
		k.brokers.Restart(k.t, broker)
	} else {
		k.brokers.Pause(k.t, broker)
		time.Sleep(pause)
		k.brokers.Resume(k.t, broker)
	}
	time.Sleep(time.Duration(1000+dice.IntN(3000)) * time.Millisecond)
}

var killLanguages = []string{"en", "de", "fr", "es", "pt-BR", "ja"}

// work is one client: whatever it asks for, it asks again, under the same key
// and of any node, until it is answered.
func (k *kills) work(ctx context.Context, who int, dice *rand.Rand) {
	user := map[string]any{"id": fmt.Sprint("kill-", who), "display_name": fmt.Sprint("Kill ", who), "auth_method": "local"}
	register := map[string]any{"id": user["id"], "display_name": user["display_name"], "auth_method": "local", "tos_acceptance": true}
	if !k.insist(ctx, dice, "POST", "/frontend_users/", register, nil) {
		return
	}
	for turn := 0; ctx.Err() == nil; turn++ {
		var t struct {
			ID, Type  string
			MessageID string `json:"message_id"`
			Replies   []string
			Labels    []string `json:"valid_labels"`
		}
		ask := map[string]any{"type": "random", "user": user, "lang": killLanguages[dice.IntN(len(killLanguages))]}
		if dice.IntN(4) == 0 {
			ask["type"] = "initial_prompt"
		}
		if !k.insist(ctx, dice, "POST", "/tasks/", ask, &t) || t.ID == "" {
			continue
		}
		frontend := fmt.Sprintf("kill-%d-%d", who, turn)
		if !k.insist(ctx, dice, "POST", "/tasks/"+t.ID+"/ack", map[string]any{"message_id": frontend}, nil) {
			continue
		}
		body := map[string]any{"type": "text_reply_to_message", "user": user, "message_id": frontend, "user_message_id": frontend + "-text", "text": "A text, " + frontend}
		switch {
		case len(t.Replies) > 0:
			order := make([]int, len(t.Replies))
			for i := range order {
				order[i] = i
			}
			body = map[string]any{"type": "message_ranking", "user": user, "message_id": frontend, "ranking": order}
		case t.MessageID != "":
			body = map[string]any{"type": "text_labels", "user": user, "message_id": t.MessageID, "task_id": t.ID, "text": "", "labels": map[string]any{"spam": 0, "quality": 0.75}}
		}
		if k.insist(ctx, dice, "POST", "/tasks/interaction", body, nil) {
			k.mu.Lock()
			k.acknowledged = append(k.acknowledged, t.ID)
			k.mu.Unlock()
		}
	}
}

// insist sends a request until it is answered for good; true when it was done.
func (k *kills) insist(ctx context.Context, dice *rand.Rand, method, path string, body map[string]any, out any) bool {
	key := map[string]string{"Idempotency-Key": fmt.Sprintf("%x-%x", dice.Uint64(), dice.Uint64())}
	for tries := 0; ctx.Err() == nil; tries++ {
		status, answer := k.nodes[dice.IntN(len(k.nodes))].send(ctx, method, path, key, body)
		var refused struct {
			Code int `json:"error_code"`
		}
		switch {
		case status == 200 || status == 204:
			return out == nil || json.Unmarshal(answer, out) == nil
		case status == 503 && json.Unmarshal(answer, &refused) == nil && refused.Code == 1006:
			time.Sleep(time.Duration(20+dice.IntN(100)) * time.Millisecond)
			return false
		case status >= 400 && status < 500:
			if status == 403 || status == 422 || status == 405 {
				k.t.Errorf("%s %s: %d %s", method, path, status, answer)
			}
			return false
		}
		time.Sleep(time.Duration(20+dice.IntN(200)) * time.Millisecond)
	}
	k.lost.Add(1)
	return false
}

// verify holds the log to what clients were told, and the nodes to the log.
func (k *kills) verify() {
	log := k.log()
	v, err := verifyEvents(k.t.Context(), log, newProgress(nil, ""))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Logf("%d events in %d partitions, each number, schema and rule", v.Events, len(v.Partitions))
	done := map[string]int{}
	texts := map[string]int{}
	epochs := 0
	for r, err := range log.Read(k.t.Context(), log.Identity().Start(), v.Cut) {
		if err != nil {
			k.t.Fatal(err)
		}
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			done[e.Task.String()]++
			texts[e.Text]++
		case tree.LabelsSubmitted:
			done[e.Task.String()]++
		case tree.RankingSubmitted:
			done[e.Task.String()]++
		case domain.Claimed:
			epochs++
		}
	}
	k.t.Logf("partitions changed hands %d times", epochs)
	for _, task := range k.acknowledged {
		if done[task] != 1 {
			k.t.Errorf("the submission to task %s was acknowledged and is in the log %d times", task, done[task])
		}
	}
	for task, n := range done {
		if n > 1 {
			k.t.Errorf("the submission to task %s is in the log %d times", task, n)
		}
	}
	for text, n := range texts {
		if n > 1 {
			k.t.Errorf("%q is in the log %d times", text, n)
		}
	}
	store := memory.NewStore(log.Identity())
	build(k.t, log, store, allViews(), v.Cut)
	for _, n := range k.nodes {
		k.compare(n, store)
	}
}

// compare holds what a node shows to a rebuild of the views.
func (k *kills) compare(n *fleetNode, store *memory.Store) {
	k.t.Helper()
	type shown struct {
		Text     string `json:"text"`
		Result   *bool  `json:"review_result"`
		Reviews  int    `json:"review_count"`
		Rankings int    `json:"ranking_count"`
		Rank     *int   `json:"rank"`
	}
	rows, err := store.Messages(k.t.Context(), conversations.Query{Deleted: true, Max: 1 << 20})
	if err != nil {
		k.t.Fatal(err)
	}
	want := make([]shown, len(rows))
	for i, m := range rows {
		want[i] = shown{Text: m.Text, Reviews: m.Reviews, Rankings: m.Rankings}
		if m.Result != tree.Undecided {
			is := m.Result == tree.Accepted
			want[i].Result = &is
		}
		if m.Ranked {
			want[i].Rank = &m.Rank
		}
	}
	got := []shown{}
	for after := ""; ; {
		var page struct {
			Items []shown
			Next  *string
		}
		status, body := n.send(k.t.Context(), "GET", "/messages/cursor?max_count=1000&include_deleted=true&after="+url.QueryEscape(after), nil, nil)
		if status != 200 || json.Unmarshal(body, &page) != nil {
			k.t.Fatalf("%s: %d %s", n.url, status, body)
		}
		got = append(got, page.Items...)
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	if diff := cmp.Diff(want, got); diff != "" {
		k.t.Errorf("%s shows other messages than a rebuild (-rebuild +node):\n%.4000s", n.url, diff)
	}
	var board struct {
		Leaderboard []struct {
			UserID domain.ContributorID `json:"user_id"`
			Score  int                  `json:"leader_score"`
		}
	}
	status, body := n.send(k.t.Context(), "GET", "/leaderboards/total?max_count=1000", nil, nil)
	if status != 200 || json.Unmarshal(body, &board) != nil {
		k.t.Fatalf("%s: %d %s", n.url, status, body)
	}
	tallies, err := store.Tallies(k.t.Context(), time.Time{}, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	accounts := make([]boards.Account, len(tallies))
	for i, t := range tallies {
		accounts[i] = boards.Account{ID: t.Contributor, Owner: t.Contributor, Listed: true, Enabled: true}
	}
	list := boards.Leaderboard(tallies, accounts)
	if len(list) != len(board.Leaderboard) {
		k.t.Fatalf("%s lists %d contributors, a rebuild %d", n.url, len(board.Leaderboard), len(list))
	}
	for i, s := range list {
		if b := board.Leaderboard[i]; b.UserID != s.Owner || b.Score != s.Score {
			k.t.Errorf("%s: rank %d is %s with %d, a rebuild has %s with %d", n.url, i+1, b.UserID, b.Score, s.Owner, s.Score)
		}
	}
}
