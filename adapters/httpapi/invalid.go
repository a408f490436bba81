package httpapi

import "strings"

// detail is one thing that is wrong with the form of a request, in the shape
// that clients of the Open-Assistant backend read.
type detail struct {
	Loc  []any          `json:"loc"`
	Msg  string         `json:"msg"`
	Type string         `json:"type"`
	Ctx  map[string]any `json:"ctx,omitempty"`
}

// maxDetails bounds what one answer lists.
const maxDetails = 32

// problems collects what is wrong, so that all of it can be told at once.
type problems struct{ list []detail }

func (p *problems) add(loc []any, kind, msg string, ctx map[string]any) {
	if len(p.list) < maxDetails {
		p.list = append(p.list, detail{Loc: append([]any(nil), loc...), Msg: msg, Type: kind, Ctx: ctx})
	}
}

// err is nil while nothing is wrong.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return &invalid{p.list}
}

// invalid is the answer 422.
type invalid struct{ details []detail }

func (e *invalid) Error() string {
	all := make([]string, len(e.details))
	for i, d := range e.details {
		all[i] = d.Msg
	}
	return strings.Join(all, "; ")
}

// The kinds of detail, named as clients know them.
const (
	typeMissing  = "value_error.missing"
	typeUUID     = "type_error.uuid"
	typeEnum     = "type_error.enum"
	typeConst    = "value_error.const"
	typeInteger  = "type_error.integer"
	typeNumber   = "type_error.float"
	typeBool     = "type_error.bool"
	typeString   = "type_error.str"
	typeDict     = "type_error.dict"
	typeList     = "type_error.list"
	typeTime     = "value_error.datetime"
	typeNotAbove = "value_error.number.not_gt"
	typeNotBelow = "value_error.number.not_le"
	typeShort    = "value_error.any_str.min_length"
	typeLong     = "value_error.any_str.max_length"
	typeJSON     = "value_error.jsondecode"
	typeValue    = "value_error"
)
