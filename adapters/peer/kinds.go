package peer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// target is what a command is for; of its members one at most is set.
type target struct {
	Tree        domain.TreeID        `json:"tree,omitzero"`
	Contributor domain.ContributorID `json:"contributor,omitzero"`
	Pool        domain.PoolID        `json:"pool,omitzero"`
}

// kind is one kind of command or question. What travels is its name and its
// arguments: the JSON of a value of the type.
type kind[T any] struct {
	name string
	args reflect.Type
	read func(on target, args []byte) (T, error)
}

// arguments makes a kind of the type of its arguments, and how these become a
// command's body or a question.
func arguments[A, T any](name string, wrap func(target, A) T) kind[T] {
	return kind[T]{name, reflect.TypeFor[A](), func(on target, args []byte) (made T, err error) {
		var a A
		if err := strict(args, &a); err != nil {
			return made, err
		}
		return wrap(on, a), nil
	}}
}

func onTree[A tree.Command](name string) kind[commands.Body] {
	return arguments(name, func(on target, do A) commands.Body { return commands.OnTree{Tree: on.Tree, Do: do} })
}

func onContributor[A contributor.Command](name string) kind[commands.Body] {
	return arguments(name, func(on target, do A) commands.Body {
		return commands.OnContributor{Contributor: on.Contributor, Do: do}
	})
}

func onCampaign[A campaign.Command](name string) kind[commands.Body] {
	return arguments(name, func(_ target, do A) commands.Body { return commands.OnCampaign{Do: do} })
}

func onPool[A pool.Command](name string) kind[commands.Body] {
	return arguments(name, func(on target, do A) commands.Body { return commands.OnPool{Pool: on.Pool, Do: do} })
}

func asked[Q commands.Question](name string) kind[commands.Question] {
	return arguments(name, func(_ target, q Q) commands.Question { return q })
}

// bodies are all kinds of command. A name never changes its meaning: the nodes
// of a cluster are not replaced all at once.
var bodies = table[commands.Body]{
	arguments("request_task", func(_ target, r commands.RequestTask) commands.Body { return r }),

	onTree[tree.Assign]("tree/assign"),
	onTree[tree.Acknowledge]("tree/acknowledge"),
	onTree[tree.Decline]("tree/decline"),
	onTree[tree.Close]("tree/close"),
	onTree[tree.SubmitText]("tree/submit_text"),
	onTree[tree.SubmitLabels]("tree/submit_labels"),
	onTree[tree.SubmitRanking]("tree/submit_ranking"),
	onTree[tree.SetLabels]("tree/set_labels"),
	onTree[tree.React]("tree/react"),
	onTree[tree.ResolveReport]("tree/resolve_report"),
	onTree[tree.Delete]("tree/delete"),
	onTree[tree.DeleteAuthored]("tree/delete_authored"),
	onTree[tree.Restore]("tree/restore"),
	onTree[tree.RestoreAuthored]("tree/restore_authored"),
	onTree[tree.Edit]("tree/edit"),
	onTree[tree.Halt]("tree/halt"),
	onTree[tree.Resume]("tree/resume"),
	onTree[tree.HaltPrompt]("tree/halt_prompt"),
	onTree[tree.Win]("tree/win"),
	onTree[tree.Activate]("tree/activate"),
	onTree[tree.Import]("tree/import"),
	onTree[tree.RetryScoring]("tree/retry_scoring"),
	onTree[tree.RecordScores]("tree/record_scores"),
	onTree[tree.Discount]("tree/discount"),
	onTree[tree.Reinstate]("tree/reinstate"),
	onTree[tree.Settle]("tree/settle"),

	onContributor[contributor.Register]("contributor/register"),
	onContributor[contributor.Consent]("contributor/consent"),
	onContributor[contributor.Update]("contributor/update"),
	onContributor[contributor.Disable]("contributor/disable"),
	onContributor[contributor.Enable]("contributor/enable"),
	onContributor[contributor.Merge]("contributor/merge"),
	onContributor[contributor.Erase]("contributor/erase"),
	onContributor[contributor.OrderPurge]("contributor/order_purge"),
	onContributor[contributor.ApprovePurge]("contributor/approve_purge"),
	onContributor[contributor.WithdrawPurge]("contributor/withdraw_purge"),
	onContributor[contributor.ReversePurge]("contributor/reverse_purge"),
	onContributor[contributor.CompletePurge]("contributor/complete_purge"),

	onCampaign[campaign.Configure]("campaign/configure"),
	onCampaign[campaign.ConfigurePurges]("campaign/configure_purges"),
	onCampaign[campaign.RegisterClient]("campaign/register_client"),
	onCampaign[campaign.RevokeClient]("campaign/revoke_client"),

	onPool[pool.Open]("pool/open"),
	onPool[pool.Configure]("pool/configure"),
	onPool[pool.Draw]("pool/draw"),
	onPool[pool.Replenish]("pool/replenish"),
}

// questions are all kinds of question.
var questions = table[commands.Question]{
	asked[commands.AskAvailable]("available"),
	asked[commands.AskOffer]("offer"),
	asked[commands.AskInvolved]("involved"),
	asked[commands.AskFollowing]("following"),
}

type table[T any] []kind[T]

// write gives the name of the arguments' kind, and their JSON.
func (t table[T]) write(args any) (name string, raw json.RawMessage, err error) {
	for _, k := range t {
		if k.args == reflect.TypeOf(args) {
			raw, err = exact(args)
			return k.name, raw, err
		}
	}
	return "", nil, fmt.Errorf("%T has no name between nodes", args)
}

func (t table[T]) read(name string, on target, args []byte) (made T, err error) {
	for _, k := range t {
		if k.name == name {
			return k.read(on, args)
		}
	}
	return made, fmt.Errorf("%q is unknown here: it was sent by a later release", name)
}

// strict reads one JSON value, and nothing that the type does not know.
func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%T cannot be read; it may be of another release: %w", into, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%T: more follows", into)
	}
	return nil
}

// exact writes a value as JSON that reads as the same value. Text that is not
// UTF-8, which no event can hold either, is refused, as JSON would change it.
func exact(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil || !bytes.Contains(raw, []byte(`\ufffd`)) {
		return raw, err
	}
	again := reflect.New(reflect.TypeOf(v))
	if err := json.Unmarshal(raw, again.Interface()); err != nil {
		return nil, err
	}
	if twice, err := json.Marshal(again.Elem().Interface()); err != nil || !bytes.Equal(raw, twice) {
		return nil, domain.Refuse(domain.Invalid, "a text is not UTF-8")
	}
	return raw, nil
}
