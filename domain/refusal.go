package domain

import (
	"errors"
	"fmt"
)

// Kind tells why a command was refused. Edges turn it into their own codes.
type Kind string

// The kinds of refusal.
const (
	Invalid             Kind = "invalid"              // the command itself makes no sense
	UnknownTask         Kind = "unknown_task"         // no such task, or long expired
	UnknownMessage      Kind = "unknown_message"      //
	UnknownTree         Kind = "unknown_tree"         //
	UnknownContributor  Kind = "unknown_contributor"  //
	UnknownClient       Kind = "unknown_client"       //
	UnknownLanguage     Kind = "unknown_language"     // not a language of the campaign, or no BCP 47 tag
	BadTaskKind         Kind = "bad_task_kind"        // no request can name it
	NoTask              Kind = "no_task"              // none of that kind is available now
	TooManyPending      Kind = "too_many_pending"     //
	TaskExpired         Kind = "task_expired"         //
	TaskOfOtherKind     Kind = "task_of_other_kind"   // a text for a label task, and so on
	TaskBoundOtherwise  Kind = "task_bound_otherwise" // acknowledged already with another frontend id
	TaskNotAcknowledged Kind = "task_not_acknowledged"
	TaskDone            Kind = "task_done"            // done, declined or closed
	TaskOfOther         Kind = "task_of_other"        // another contributor's, or not collective
	BadFrontendID       Kind = "bad_frontend_id"      //
	TextEmpty           Kind = "text_empty"           //
	TextTooLong         Kind = "text_too_long"        //
	TextDuplicate       Kind = "text_duplicate"       //
	SecondReply         Kind = "second_reply"         // one reply per contributor and parent
	TreeClosed          Kind = "tree_closed"          // the tree no longer takes this
	BadRanking          Kind = "bad_ranking"          //
	LabelsOfOther       Kind = "labels_of_other"      // labels for another message than the task's
	LabelNotAllowed     Kind = "label_not_allowed"    // unknown here, or its value is not in [0, 1]
	LabelMissing        Kind = "label_missing"        // a mandatory one
	LabelsRepeated      Kind = "labels_repeated"      // own message, or reviewed before
	ContributorDisabled Kind = "contributor_disabled" // disabled or erased
	TermsNotAccepted    Kind = "terms_not_accepted"   //
	BadEmoji            Kind = "bad_emoji"            //
	Conflict            Kind = "conflict"             // the thing is not in a state in which this can be done
	PolicyInvalid       Kind = "policy_invalid"       //
	NotPermitted        Kind = "not_permitted"        //
)

// Refusal is a command's answer when it changes nothing, and why.
type Refusal struct {
	Kind Kind
	Text string // one line for a person: what is wrong and what to do
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// Refuse makes a refusal.
func Refuse(kind Kind, format string, args ...any) error {
	return &Refusal{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// RefusalKind gives the kind when err is, or wraps, a refusal; "" otherwise.
func RefusalKind(err error) Kind {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Kind
	}
	return ""
}
