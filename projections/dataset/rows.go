package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf8"

	"dendro/domain"
	"dendro/domain/tree"
)

// MaxRow bounds the bytes of one line that ReadRows takes.
const MaxRow = 4 << 20

// Row is one line of a published messages.jsonl, as it stands in the file.
// What the line does not have, or has as null, is nil or empty.
type Row struct {
	Line         int // from 1
	Message      domain.MessageID
	Parent       *domain.MessageID
	User         *domain.ContributorID
	Created      *time.Time // UTC, whole microseconds
	Text         string
	Role         domain.Role
	Lang         string
	ReviewCount  *int
	ReviewResult *bool
	Deleted      *bool
	Rank         *int
	Synthetic    *bool
	Model        *string
	Emojis       []tree.EmojiCount // in the order of domain.Emojis, others by name behind
	Labels       []tree.LabelMean  // in the order of domain.Labels, others by name behind
	Scores       []tree.Score      // in the order of the published column, others by name behind
	Tree         *domain.TreeID
	State        *domain.TreeState
}

// RowError is a line that is no row, and why.
type RowError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the reason.
func (e *RowError) Unwrap() error { return e.Err }

// ReadRows reads a messages.jsonl in the shape written here (emojis {"+1":3},
// labels {"spam":{"value":0,"count":3}}) or that of the Hugging Face datasets
// (lists of names, values and counts; explicit nulls). Empty lines and unknown
// keys are passed over. A line that is no row yields a *RowError, and reading
// goes on behind it; an error of the reader is the last thing yielded.
//
// Whether a row makes sense beside the others is not looked at.
func ReadRows(from io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := bufio.NewReaderSize(from, 64<<10)
		var line []byte
		for n := 1; ; n++ {
			var err error
			line, err = readLine(in, line[:0])
			if err != nil && err != io.EOF {
				yield(Row{}, fmt.Errorf("line %d can't be read: %w", n, err))
				return
			}
			if len(bytes.TrimSpace(line)) > 0 {
				row, bad := parseRow(line)
				row.Line = n
				if bad != nil {
					row, bad = Row{}, &RowError{n, bad}
				}
				if !yield(row, bad) {
					return
				}
			}
			if err == io.EOF {
				return
			}
		}
	}
}

// readLine appends the next line to dst, without what is beyond MaxRow + 1
// bytes of it: enough to see that it is too long.
func readLine(in *bufio.Reader, dst []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		dst = append(dst, part[:min(len(part), MaxRow+1-len(dst))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return dst, err
		}
	}
}

// wireRow is a line before it is understood.
type wireRow struct {
	MessageID     *domain.MessageID     `json:"message_id"`
	ParentID      *domain.MessageID     `json:"parent_id"`
	UserID        *domain.ContributorID `json:"user_id"`
	CreatedDate   *string               `json:"created_date"`
	Text          *string               `json:"text"`
	Role          *domain.Role          `json:"role"`
	Lang          string                `json:"lang"`
	ReviewCount   *int                  `json:"review_count"`
	ReviewResult  *bool                 `json:"review_result"`
	Deleted       *bool                 `json:"deleted"`
	Rank          *int                  `json:"rank"`
	Synthetic     *bool                 `json:"synthetic"`
	ModelName     *string               `json:"model_name"`
	Emojis        json.RawMessage       `json:"emojis"`
	Labels        json.RawMessage       `json:"labels"`
	Detoxify      json.RawMessage       `json:"detoxify"`
	MessageTreeID *domain.TreeID        `json:"message_tree_id"`
	TreeState     *domain.TreeState     `json:"tree_state"`
}

func parseRow(line []byte) (Row, error) {
	switch {
	case len(line) > MaxRow:
		return Row{}, fmt.Errorf("longer than %d bytes", MaxRow)
	case !utf8.Valid(line):
		return Row{}, errors.New("not UTF-8")
	}
	var w wireRow
	if err := json.Unmarshal(line, &w); err != nil {
		return Row{}, explainJSON(err)
	}
	switch {
	case w.MessageID == nil || w.MessageID.IsZero():
		return Row{}, errors.New("message_id is missing")
	case w.Text == nil:
		return Row{}, errors.New("text is missing")
	case w.Role == nil || *w.Role != domain.Prompter && *w.Role != domain.Assistant:
		return Row{}, errors.New("role is neither prompter nor assistant")
	case w.ReviewCount != nil && *w.ReviewCount < 0:
		return Row{}, errors.New("review_count is negative")
	case w.Rank != nil && *w.Rank < 0:
		return Row{}, errors.New("rank is negative")
	}
	row := Row{
		Message: *w.MessageID, Parent: w.ParentID, User: w.UserID,
		Text: *w.Text, Role: *w.Role, Lang: w.Lang, ReviewCount: w.ReviewCount, ReviewResult: w.ReviewResult,
		Deleted: w.Deleted, Rank: w.Rank, Synthetic: w.Synthetic, Model: w.ModelName,
		Tree: w.MessageTreeID, State: w.TreeState,
	}
	var err error
	if w.CreatedDate != nil {
		at, err := time.Parse(time.RFC3339Nano, *w.CreatedDate)
		if err != nil {
			return Row{}, fmt.Errorf("created_date %q is not a time such as 2023-02-07T17:29:24.727400+00:00", clip(*w.CreatedDate))
		}
		at = domain.Instant(at)
		row.Created = &at
	}
	if row.Emojis, err = parseEmojis(w.Emojis); err != nil {
		return Row{}, fmt.Errorf("emojis: %w", err)
	}
	if row.Labels, err = parseLabels(w.Labels); err != nil {
		return Row{}, fmt.Errorf("labels: %w", err)
	}
	if row.Scores, err = parseScores(w.Detoxify); err != nil {
		return Row{}, fmt.Errorf("detoxify: %w", err)
	}
	return row, nil
}

// explainJSON says what is wrong in the words of the file, not of Go.
func explainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return fmt.Errorf("not a JSON object but a %s", kind.Value)
		}
		return fmt.Errorf("%s can't be a %s", kind.Field, kind.Value)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %w (byte %d of the line)", err, syntax.Offset)
	}
	return err
}

func clip(s string) string {
	const most = 48
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
