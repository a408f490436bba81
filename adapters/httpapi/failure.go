package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"dendro/domain"
	"dendro/domain/directory"
)

// code is an error code of the wire contract.
type code int

// The codes.
const (
	codeOther           code = 0
	codeNotAuthorised   code = 2
	codeRootToken       code = 3
	codeSortKey         code = 100
	codeCursor          code = 101
	codeTooManyRequests code = 429
	codeTaskType        code = 1000
	codeInteraction     code = 1003
	codeNoTask          code = 1006
	codeTextTooLong     code = 1008
	codeTextDuplicate   code = 1009
	codeTextEmpty       code = 1010
	codeSecondReply     code = 1011
	codePending         code = 1012
	codeFrontendID      code = 2000
	codeNoMessage       code = 2001
	codeBadRanking      code = 2003
	codeTreeClosed      code = 2010
	codeNoAuthMethod    code = 2012
	codeLabelsOfOther   code = 2050
	codeLabelNotAllowed code = 2051
	codeLabelMissing    code = 2052
	codeLabelsRepeated  code = 2053
	codeNoSuchTask      code = 2100
	codeTaskExpired     code = 2101
	codeTaskOfOtherType code = 2102
	codeTaskBound       code = 2103
	codeTaskNotAcked    code = 2104
	codeTaskDone        code = 2105
	codeTaskOfOther     code = 2106
	codeNoUserGiven     code = 4000
	codeUserDisabled    code = 4001
	codeNoUser          code = 4002
	codeTerms           code = 4003
	codeEmoji           code = 5000
	codeNoStatistic     code = 6000
)

// failure is an answer that is none: a status, a code, and a sentence for the
// one who reads it.
type failure struct {
	status int
	code   code
	text   string
	retry  int // seconds for Retry-After; 0 leaves it out
	cause  error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// fail makes a failure with status 400.
func fail(c code, format string, args ...any) error {
	return &failure{status: http.StatusBadRequest, code: c, text: fmt.Sprintf(format, args...)}
}

func failWith(status int, c code, format string, args ...any) error {
	return &failure{status: status, code: c, text: fmt.Sprintf(format, args...)}
}

var (
	errNoMessage = failWith(http.StatusNotFound, codeNoMessage, "there is no such message")
	errNoUser    = failWith(http.StatusNotFound, codeNoUser, "there is no such contributor")
	errForbidden = failWith(http.StatusForbidden, codeNotAuthorised, "this API client may not do that; use a trusted client's key")
)

// refusals gives status and code for every kind of refusal.
var refusals = map[domain.Kind]failure{
	domain.Invalid:             {status: 400, code: codeOther},
	domain.UnknownTask:         {status: 400, code: codeNoSuchTask},
	domain.UnknownMessage:      {status: 404, code: codeNoMessage},
	domain.UnknownTree:         {status: 404, code: codeNoMessage},
	domain.UnknownContributor:  {status: 404, code: codeNoUser},
	domain.UnknownClient:       {status: 404, code: codeOther},
	domain.UnknownLanguage:     {status: 400, code: codeOther},
	domain.BadTaskKind:         {status: 400, code: codeTaskType},
	domain.NoTask:              {status: 503, code: codeNoTask},
	domain.TooManyPending:      {status: 400, code: codePending},
	domain.TaskExpired:         {status: 400, code: codeTaskExpired},
	domain.TaskOfOtherKind:     {status: 400, code: codeTaskOfOtherType},
	domain.TaskBoundOtherwise:  {status: 400, code: codeTaskBound},
	domain.TaskNotAcknowledged: {status: 400, code: codeTaskNotAcked},
	domain.TaskDone:            {status: 400, code: codeTaskDone},
	domain.TaskOfOther:         {status: 400, code: codeTaskOfOther},
	domain.BadFrontendID:       {status: 400, code: codeFrontendID},
	domain.TextEmpty:           {status: 400, code: codeTextEmpty},
	domain.TextTooLong:         {status: 400, code: codeTextTooLong},
	domain.TextDuplicate:       {status: 400, code: codeTextDuplicate},
	domain.SecondReply:         {status: 400, code: codeSecondReply},
	domain.TreeClosed:          {status: 400, code: codeTreeClosed},
	domain.BadRanking:          {status: 400, code: codeBadRanking},
	domain.LabelsOfOther:       {status: 400, code: codeLabelsOfOther},
	domain.LabelNotAllowed:     {status: 400, code: codeLabelNotAllowed},
	domain.LabelMissing:        {status: 400, code: codeLabelMissing},
	domain.LabelsRepeated:      {status: 400, code: codeLabelsRepeated},
	domain.ContributorDisabled: {status: 503, code: codeUserDisabled},
	domain.TermsNotAccepted:    {status: 451, code: codeTerms},
	domain.BadEmoji:            {status: 400, code: codeEmoji},
	domain.Conflict:            {status: 400, code: codeOther},
	domain.PolicyInvalid:       {status: 400, code: codeOther},
	domain.NotPermitted:        {status: 403, code: codeNotAuthorised},
}

// overloaded answers what is no fault of the request: send it again.
func overloaded(text string, cause error) *failure {
	return &failure{status: http.StatusServiceUnavailable, code: codeOther, text: text, retry: 1, cause: cause}
}

// explain turns any error of a handler into a failure. What is unknown to it is
// the server's own fault, and its text stays here.
func explain(err error) *failure {
	var f *failure
	var refused *domain.Refusal
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &refused):
		if known, ok := refusals[refused.Kind]; ok {
			known.text = refused.Text
			return &known
		}
	case errors.Is(err, directory.ErrUnknown):
		return explain(errNoUser)
	case errors.Is(err, domain.ErrOverloaded):
		return overloaded("too much is waiting; try again in a moment", err)
	case errors.Is(err, domain.ErrFull):
		return overloaded("the server has no room to write; nothing was changed", err)
	case errors.Is(err, domain.ErrUnknown):
		return overloaded("it is not known whether this was written; send it again with the same Idempotency-Key", err)
	case errors.Is(err, domain.ErrFenced):
		return overloaded("what this is about is moving to another server; send it again in a moment", err)
	case errors.Is(err, domain.ErrClosed):
		return overloaded("this server is stopping; send it again", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return overloaded("the answer took too long; a write may have been done: send it again with the same Idempotency-Key", err)
	}
	return &failure{status: http.StatusInternalServerError, code: codeOther, text: "the server made a mistake; its log has more under the request's id", cause: err}
}
