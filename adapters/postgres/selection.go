package postgres

import (
	"strconv"
	"strings"
)

// selection gathers the conditions of a query. Its zero value takes everything.
type selection struct {
	conditions strings.Builder
	args       []any
}

// where adds a condition, in which each ? stands for the next argument.
func (s *selection) where(condition string, args ...any) {
	if s.conditions.Len() == 0 {
		s.conditions.WriteString(" WHERE ")
	} else {
		s.conditions.WriteString(" AND ")
	}
	s.conditions.WriteString(s.number(condition, args))
}

// sql gives the whole statement, and its arguments.
func (s *selection) sql(from, rest string, args ...any) (string, []any) {
	rest = s.number(rest, args)
	return from + s.conditions.String() + rest, s.args
}

// number takes the arguments in, and puts their numbers in the place of ?.
func (s *selection) number(text string, args []any) string {
	var out strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			s.args = append(s.args, args[i-1])
			out.WriteString("$" + strconv.Itoa(len(s.args)))
		}
		out.WriteString(part)
	}
	return out.String()
}
