package integrity

import (
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// envelope checks what the log promises of every event.
func (c *Check) envelope(r domain.Recorded) *breach {
	at := int(r.Position.Partition)
	if at < 0 || at >= len(c.partitions) {
		return broken(RuleSeq, "the log has no partition %d, only 0 to %d", at, len(c.partitions)-1)
	}
	p := &c.partitions[at]
	if want := p.seq + 1; r.Position.Seq != want {
		return broken(RuleSeq, "it stands where seq %d belongs", want)
	}
	if b := p.epochOf(r); b != nil {
		return b
	}
	if !r.Time.Equal(domain.Instant(r.Time)) {
		return broken(RuleTime, "its time %s is not in whole microseconds", r.Time)
	}
	if r.Time.Before(p.time) {
		return broken(RuleTime, "its time %s is before %s, the time of the event before it", r.Time.UTC(), p.time.UTC())
	}
	if r.ID.IsZero() {
		return broken(RuleID, "it has no id")
	}
	if _, twice := c.events[r.ID]; twice {
		return broken(RuleID, "an earlier event has its id %s too", r.ID)
	}
	c.events[r.ID] = struct{}{}
	p.seq, p.epoch, p.time = r.Position.Seq, r.Epoch, r.Time
	return nil
}

// epochOf checks that every owner begins with a claim, and only with one.
func (p *partition) epochOf(r domain.Recorded) *breach {
	_, claim := r.Payload.(domain.Claimed)
	switch {
	case r.Epoch == 0:
		return broken(RuleEpoch, "it is of no epoch; they count from 1")
	case r.Epoch < p.epoch:
		return broken(RuleEpoch, "it is of epoch %d, which epoch %d has fenced", r.Epoch, p.epoch)
	case r.Epoch > p.epoch && !claim:
		return broken(RuleEpoch, "epoch %d does not begin with %s", r.Epoch, domain.TypeClaimed)
	case r.Epoch == p.epoch && claim:
		return broken(RuleEpoch, "epoch %d has begun already", r.Epoch)
	}
	return nil
}

// stream checks that the event stands in the stream that it belongs to, and
// the stream in its partition.
func (c *Check) stream(r domain.Recorded) *breach {
	if err := r.Stream.Validate(); err != nil {
		return broken(RuleStream, "%v", err)
	}
	if r.Payload == nil {
		return broken(RuleStream, "it has no payload")
	}
	kind := kindOf(r.Payload)
	if kind == "" {
		return broken(RuleStream, "no stream takes events of this type")
	}
	if kind != r.Stream.Kind() {
		return broken(RuleStream, "it belongs into a %s stream", kind)
	}
	s := c.streams[r.Stream]
	if s == nil {
		if b := c.place(r); b != nil {
			return b
		}
		s = &stream{partition: r.Position.Partition}
		c.streams[r.Stream] = s
	}
	if s.partition != r.Position.Partition {
		return broken(RulePlace, "the stream began in partition %d", s.partition)
	}
	if want := s.version + 1; r.Version != want {
		return broken(RuleVersion, "it has version %d where %d belongs", r.Version, want)
	}
	s.version = r.Version
	return nil
}

// place checks the partition of a stream's first event. A tree lives with the
// pool of its language.
func (c *Check) place(r domain.Recorded) *breach {
	key := r.Stream
	switch r.Stream.Kind() {
	case domain.KindPartition:
		if r.Stream != domain.PartitionStream(r.Position.Partition) {
			return broken(RulePlace, "it belongs into another partition than %d", r.Position.Partition)
		}
		return nil
	case domain.KindTree:
		language, ok := opens(r.Payload)
		if !ok {
			return broken(RuleOpening, "a tree begins with the task for its prompt, tree.opened or tree.imported")
		}
		key = domain.PoolID{Language: language}.Stream()
	}
	if want := domain.Place(string(key), c.identity.Partitions); want != r.Position.Partition {
		return broken(RulePlace, "%s belongs into partition %d", key, want)
	}
	return nil
}

// opens gives the language when the event can be a tree's first.
func opens(e domain.Event) (language string, ok bool) {
	switch e := e.(type) {
	case tree.TaskAssigned:
		return e.Language, e.Kind == domain.TaskInitialPrompt
	case tree.Opened:
		return e.Language, true
	case tree.Imported:
		return e.Language, true
	}
	return "", false
}

// kindOf gives the kind of stream that takes the event; "" for none.
func kindOf(e domain.Event) domain.StreamKind {
	switch e.(type) {
	case tree.TaskAssigned, tree.TaskAcknowledged, tree.TaskDeclined, tree.TaskClosed,
		tree.Opened, tree.Imported, tree.StateChanged, tree.LotteryWon,
		tree.MessagePosted, tree.MessageAccepted, tree.MessageRejected, tree.MessageReopened,
		tree.MessageEdited, tree.MessageDeleted, tree.MessageRestored, tree.MessageScored,
		tree.MessageReported, tree.ReportResolved, tree.EmojiAdded, tree.EmojiRemoved,
		tree.LabelsSubmitted, tree.RankingSubmitted, tree.RepliesRanked,
		tree.VotesDiscounted, tree.VotesReinstated:
		return domain.KindTree
	case pool.Opened, pool.Configured, pool.LotteryDrawn, pool.BacklogActivated:
		return domain.KindPool
	case contributor.Registered, contributor.Consented, contributor.Updated, contributor.Disabled,
		contributor.Enabled, contributor.Merged, contributor.Erased,
		contributor.PurgeProposed, contributor.PurgeOrdered, contributor.PurgeWithdrawn, contributor.PurgeReversed, contributor.PurgeCompleted:
		return domain.KindContributor
	case campaign.Configured, campaign.PurgesConfigured, campaign.ClientRegistered, campaign.ClientRevoked:
		return domain.KindCampaign
	case domain.Claimed:
		return domain.KindPartition
	}
	return ""
}

// content checks the event by the rules of its aggregate.
func (c *Check) content(r domain.Recorded) *breach {
	switch r.Stream.Kind() {
	case domain.KindTree:
		return c.tree(r)
	case domain.KindPool:
		return c.pool(r)
	case domain.KindContributor:
		return contributorEvent(r)
	case domain.KindCampaign:
		return c.campaign.apply(r)
	}
	return nil
}
