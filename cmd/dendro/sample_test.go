package main

import (
	"testing"
	"time"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

var (
	sampleBegan    = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	sampleIdentity = domain.Identity{ID: domain.LogID{1: 2, 15: 3}, Partitions: 2}
	sampleAuthor   = domain.ContributorID{15: 1}
	sampleReviewer = domain.ContributorID{15: 2}
	samplePrompt   = domain.TaskID{0: 1, 15: 1}
)

// sampleEntry is one event of the sample.
type sampleEntry struct {
	stream domain.StreamID
	actor  domain.Actor
	event  domain.Event
}

func sampleEntries() []sampleEntry {
	inTree, rule := domain.TreeStream(domain.TreeID(samplePrompt)), domain.ByRule("test")
	by, review := domain.ByContributor(sampleAuthor), domain.TaskID{0: 1, 15: 2}
	spam := []domain.Label{domain.LabelSpam}
	return []sampleEntry{
		{domain.CampaignStream, rule, campaign.Configured{Revision: 1, Policy: policy.Default()}},
		{domain.ContributorStream(sampleAuthor), rule, contributor.Registered{Contributor: sampleAuthor}},
		{domain.ContributorStream(sampleReviewer), rule, contributor.Registered{Contributor: sampleReviewer}},
		{sampleEnglish, rule, pool.Opened{Language: "en", Revision: 1, Policy: policy.Default()}},
		{inTree, by, tree.TaskAssigned{Task: samplePrompt, Kind: domain.TaskInitialPrompt, Language: "en", Contributor: sampleAuthor, Expires: sampleBegan}},
		{inTree, by, tree.TaskAcknowledged{Task: samplePrompt, FrontendID: "1"}},
		{inTree, by, tree.Opened{Language: "en", Limits: tree.Limits{Goal: 1}}},
		{inTree, by, tree.MessagePosted{
			Message: domain.MessageID(samplePrompt), Task: samplePrompt, Contributor: sampleAuthor, Role: domain.Prompter,
			Text: "Why do trees have rings?", Language: "en", FrontendID: "1"}},
		{inTree, rule, tree.TaskAssigned{
			Task: review, Kind: domain.TaskLabelInitialPrompt, Language: "en", Contributor: sampleReviewer,
			Message: domain.MessageID(samplePrompt), Labels: spam, Mandatory: spam, Expires: sampleBegan}},
		{inTree, rule, tree.TaskAcknowledged{Task: review, FrontendID: "2"}},
		{inTree, rule, tree.LabelsSubmitted{
			Message: domain.MessageID(samplePrompt), Task: review, Contributor: sampleReviewer, Labels: []tree.LabelValue{{Label: domain.LabelSpam}}}},
		{inTree, rule, tree.MessageAccepted{Message: domain.MessageID(samplePrompt), Reviews: 1, Score: decimal.Int(1)}},
		{inTree, rule, tree.StateChanged{From: domain.InitialPromptReview, To: domain.PromptLotteryWaiting, Rule: "reviews"}},
	}
}

var sampleEnglish = domain.PoolID{Language: "en"}.Stream()

// sampleLog makes a small log, and gives its directory.
func sampleLog(t *testing.T) string {
	t.Helper()
	return writeLog(t, t.TempDir()+"/log", sampleEntries())
}

// writeLog appends the entries to the log in dir, a second apart.
func writeLog(t *testing.T, dir string, entries []sampleEntry) string {
	t.Helper()
	clock := domain.NewManualClock(sampleBegan)
	log, err := bolt.Open(t.Context(), dir, bolt.Options{Clock: clock, Owner: "test", Create: &sampleIdentity})
	if err != nil {
		t.Fatal(err)
	}
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, versions := 0, map[domain.StreamID]domain.Version{}
	for r, err := range log.Read(t.Context(), sampleIdentity.Start(), end) {
		if err != nil {
			t.Fatal(err)
		}
		versions[r.Stream]++
		n++
	}
	clock.Advance(time.Duration(n) * time.Second)
	writers := map[domain.Partition]domain.Writer{}
	last := map[domain.Partition]domain.Recorded{}
	for i, e := range entries {
		key := e.stream
		if key.Kind() == domain.KindTree {
			key = sampleEnglish
		}
		p := domain.Place(string(key), sampleIdentity.Partitions)
		if writers[p] == nil {
			if writers[p], err = log.Own(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			last[p] = writers[p].Claim()
		}
		clock.Advance(time.Second)
		versions[e.stream]++
		command := domain.CommandID(domain.NewID(clock.Now(), [10]byte{byte(n + i)}))
		r := domain.Recorded{
			ID: domain.EventID(domain.Derive(command, "event", 0)), Position: last[p].Position, Stream: e.stream, Version: versions[e.stream],
			Schema: 1, Time: clock.Now(), Actor: e.actor, Command: command, Epoch: last[p].Epoch, Payload: e.event,
		}
		r.Position.Seq++
		if err := writers[p].Append(t.Context(), []domain.Recorded{r}); err != nil {
			t.Fatal(err)
		}
		last[p] = r
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}
