package domaintest

import (
	"reflect"
	"time"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// AnyEvent draws a payload of any type with valid content. Each field is drawn
// by itself, so the whole need not make sense; fields that an event gains are
// drawn without a change here.
func AnyEvent() *rapid.Generator[domain.Event] {
	return rapid.Custom(func(t *rapid.T) domain.Event {
		return rapid.SampledFrom(anyPayload).Draw(t, "type").payload.Draw(t, "payload")
	})
}

// AnyRecorded draws an event of any type, in a stream of the right kind, with
// all of its envelope but Schema, which is 0.
func AnyRecorded() *rapid.Generator[domain.Recorded] {
	return rapid.Custom(func(t *rapid.T) domain.Recorded {
		p := rapid.SampledFrom(anyPayload).Draw(t, "type")
		return domain.Recorded{
			ID: anyID[domain.EventID]().Draw(t, "id"),
			Position: domain.Position{
				Partition: domain.Partition(rapid.IntRange(0, domain.MaxPartitions-1).Draw(t, "partition")),
				Seq:       domain.Seq(rapid.Uint64Min(1).Draw(t, "seq")),
			},
			Stream:  anyStream(p.kind).Draw(t, "stream"),
			Version: domain.Version(rapid.Uint64Min(1).Draw(t, "version")),
			Time:    anyTime.Draw(t, "time"),
			Actor:   anyActor.Draw(t, "actor"),
			Command: anyID[domain.CommandID]().Draw(t, "command"),
			Cause:   anyID[domain.EventID]().Draw(t, "cause"),
			Epoch:   domain.Epoch(rapid.Uint64().Draw(t, "epoch")),
			Payload: p.payload.Draw(t, "payload"),
		}
	})
}

// typed is how payloads of one type are drawn, and where they stand.
type typed struct {
	kind    domain.StreamKind
	payload *rapid.Generator[domain.Event]
}

var anyPayload = []typed{
	drawn[tree.TaskAssigned](domain.KindTree), drawn[tree.TaskAcknowledged](domain.KindTree),
	drawn[tree.TaskDeclined](domain.KindTree), drawn[tree.TaskClosed](domain.KindTree),
	drawn[tree.Opened](domain.KindTree), drawn[tree.MessagePosted](domain.KindTree),
	drawn[tree.LabelsSubmitted](domain.KindTree), drawn[tree.MessageAccepted](domain.KindTree),
	drawn[tree.MessageRejected](domain.KindTree), drawn[tree.MessageReopened](domain.KindTree),
	drawn[tree.RankingSubmitted](domain.KindTree), drawn[tree.RepliesRanked](domain.KindTree),
	drawn[tree.EmojiAdded](domain.KindTree), drawn[tree.EmojiRemoved](domain.KindTree),
	drawn[tree.MessageReported](domain.KindTree), drawn[tree.ReportResolved](domain.KindTree),
	drawn[tree.MessageEdited](domain.KindTree), drawn[tree.MessageDeleted](domain.KindTree),
	drawn[tree.MessageRestored](domain.KindTree), drawn[tree.MessageScored](domain.KindTree),
	drawn[tree.LotteryWon](domain.KindTree), drawn[tree.VotesDiscounted](domain.KindTree),
	drawn[tree.VotesReinstated](domain.KindTree), drawn[tree.StateChanged](domain.KindTree),
	drawn[tree.Imported](domain.KindTree),
	drawn[contributor.Registered](domain.KindContributor), drawn[contributor.Consented](domain.KindContributor),
	drawn[contributor.Updated](domain.KindContributor), drawn[contributor.Disabled](domain.KindContributor),
	drawn[contributor.Enabled](domain.KindContributor), drawn[contributor.Merged](domain.KindContributor),
	drawn[contributor.Erased](domain.KindContributor), drawn[contributor.PurgeProposed](domain.KindContributor),
	drawn[contributor.PurgeOrdered](domain.KindContributor), drawn[contributor.PurgeWithdrawn](domain.KindContributor),
	drawn[contributor.PurgeReversed](domain.KindContributor), drawn[contributor.PurgeCompleted](domain.KindContributor),
	drawn[pool.Opened](domain.KindPool), drawn[pool.Configured](domain.KindPool),
	drawn[pool.LotteryDrawn](domain.KindPool), drawn[pool.BacklogActivated](domain.KindPool),
	drawn[campaign.Configured](domain.KindCampaign), drawn[campaign.ClientRegistered](domain.KindCampaign),
	drawn[campaign.PurgesConfigured](domain.KindCampaign),
	drawn[campaign.ClientRevoked](domain.KindCampaign),
	drawn[domain.Claimed](domain.KindPartition),
}

func drawn[T domain.Event](kind domain.StreamKind) typed {
	gen := rapid.MakeCustom[T](fields)
	return typed{kind, rapid.Map(gen, func(e T) domain.Event { return e })}
}

// fields says how the types that fields have are drawn. The rest (structs,
// slices, booleans) rapid puts together by itself.
var fields = func() rapid.MakeConfig {
	c := rapid.MakeConfig{
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[string]():               anyText.AsAny(),
			reflect.TypeFor[int]():                  rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 1<<31-1)).AsAny(),
			reflect.TypeFor[time.Time]():            anyTime.AsAny(),
			reflect.TypeFor[time.Duration]():        rapid.Map(rapid.IntRange(0, 500_000), func(n int) time.Duration { return time.Duration(n) * time.Minute }).AsAny(),
			reflect.TypeFor[decimal.Decimal]():      anyDecimal.AsAny(),
			reflect.TypeFor[tree.Result]():          rapid.SampledFrom([]tree.Result{tree.Undecided, tree.Accepted, tree.Rejected}).AsAny(),
			reflect.TypeFor[domain.Role]():          rapid.SampledFrom([]domain.Role{domain.Prompter, domain.Assistant}).AsAny(),
			reflect.TypeFor[domain.TaskKind]():      rapid.SampledFrom(domain.TaskKinds[:]).AsAny(),
			reflect.TypeFor[domain.TreeState]():     rapid.SampledFrom(domain.TreeStates[:]).AsAny(),
			reflect.TypeFor[domain.Emoji]():         rapid.SampledFrom(domain.Emojis[:]).AsAny(),
			reflect.TypeFor[domain.Label]():         rapid.Map(rapid.SampledFrom(domain.Labels[:]), func(l domain.LabelInfo) domain.Label { return l.Name }).AsAny(),
			reflect.TypeFor[[]tree.LabelValue]():    anyLabelSet.AsAny(),
			reflect.TypeFor[domain.TreeID]():        anyID[domain.TreeID]().AsAny(),
			reflect.TypeFor[domain.MessageID]():     anyID[domain.MessageID]().AsAny(),
			reflect.TypeFor[domain.TaskID]():        anyID[domain.TaskID]().AsAny(),
			reflect.TypeFor[domain.ContributorID](): anyID[domain.ContributorID]().AsAny(),
			reflect.TypeFor[domain.ClientID]():      anyID[domain.ClientID]().AsAny(),
			reflect.TypeFor[domain.DeletionID]():    anyID[domain.DeletionID]().AsAny(),
		},
	}
	shares := rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{}}
	for t, gen := range c.Types {
		shares.Types[t] = gen
	}
	shares.Types[reflect.TypeFor[decimal.Decimal]()] = anyShare.AsAny()
	c.Types[reflect.TypeFor[policy.Policy]()] = rapid.MakeCustom[policy.Policy](shares).AsAny()
	imported := rapid.MakeCustom[tree.ImportedMessage](c)
	c.Types[reflect.TypeFor[tree.ImportedMessage]()] = rapid.Map(imported, func(m tree.ImportedMessage) tree.ImportedMessage {
		if !m.Ranked {
			m.Rank = 0
		}
		return m
	}).AsAny()
	return c
}()

// anyID draws ids, the zero one often.
func anyID[ID ~[16]byte]() *rapid.Generator[ID] {
	return rapid.Custom(func(t *rapid.T) ID {
		var id ID
		if rapid.Bool().Draw(t, "set") {
			for i := range id {
				id[i] = rapid.Byte().Draw(t, "byte")
			}
		}
		return id
	})
}

// anyText draws texts of all scripts, with much of what JSON has to escape.
var anyText = rapid.OneOf(
	rapid.String(),
	rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\x00\x1f\b\t\n\f\r\"\\/<>&\x7f\u0080\u2028\u2029\ufeff\ufffd\U0010ffff")))),
	rapid.StringMatching(`[a-z .,"\n]{0,200}`),
)

// anyTime draws what domain.Instant gives, of the years 0 to 9999.
var anyTime = rapid.Map(rapid.Int64Range(
	time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro(),
), func(micros int64) time.Time { return time.UnixMicro(micros).UTC() })

var likert = rapid.SampledFrom([]string{"0", "0.25", "0.5", "0.75", "1"})

var anyShare = rapid.Map(rapid.OneOf(likert, rapid.StringMatching(`0\.[0-9]{1,40}`)), decimal.MustParse)

var anyDecimal = rapid.Map(rapid.OneOf(likert, rapid.StringMatching(`-?[0-9]{1,40}(\.[0-9]{1,40})?`), rapid.StringMatching(`-?[1-9]\.[0-9]{1,16}e-?1?[0-9]`)), decimal.MustParse)

var anyLabelSet = rapid.Custom(func(t *rapid.T) []tree.LabelValue {
	var set []tree.LabelValue
	for _, l := range domain.Labels {
		if rapid.Bool().Draw(t, string(l.Name)) {
			set = append(set, tree.LabelValue{Label: l.Name, Value: anyShare.Draw(t, "value")})
		}
	}
	return set
})

var anyActor = rapid.Custom(func(t *rapid.T) domain.Actor {
	switch kind := rapid.SampledFrom([]domain.ActorKind{domain.ActorContributor, domain.ActorModerator, domain.ActorClient, domain.ActorRule}).Draw(t, "kind"); kind {
	case domain.ActorRule:
		return domain.ByRule(rapid.SampledFrom([]string{"log", "lottery", "reviews"}).Draw(t, "rule"))
	default:
		return domain.Actor{Kind: kind, ID: anyID[domain.ContributorID]().Draw(t, "actor").String()}
	}
})

func anyStream(kind domain.StreamKind) *rapid.Generator[domain.StreamID] {
	switch kind {
	case domain.KindTree:
		return rapid.Map(anyID[domain.TreeID](), domain.TreeStream)
	case domain.KindContributor:
		return rapid.Map(anyID[domain.ContributorID](), domain.ContributorStream)
	case domain.KindPool:
		return rapid.Map(rapid.SampledFrom([]domain.PoolID{{Language: "en"}, {Language: "pt-BR", Bucket: 3}}), domain.PoolID.Stream)
	case domain.KindPartition:
		return rapid.Map(rapid.IntRange(0, domain.MaxPartitions-1), func(n int) domain.StreamID { return domain.PartitionStream(domain.Partition(n)) })
	default:
		return rapid.Just(domain.CampaignStream)
	}
}
