package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections/dataset"
)

var exportRoutes = []Route{
	post("/exports", trusted, startExport),
	onlyNow(get("/exports/{export_id}", trusted, getExport)),
	onlyNow(get("/exports/{export_id}/files/{name}", trusted, getExportFile)),
}

type exportKind struct{}

// ExportID names an export.
type ExportID = domain.ID[exportKind]

// Exports makes datasets in the background, and keeps them. All methods may be
// called concurrently.
type Exports interface {
	// Start puts an export under way, and does not wait for it. Where the id
	// names one already, that one is given and nothing begins. It refuses
	// (*domain.Refusal) a time that the log has not safely passed; when too many
	// exports wait, it answers domain.ErrOverloaded.
	Start(ctx context.Context, id ExportID, order ExportOrder) (Export, error)
	// Export tells of one; nil when the id names none.
	Export(ctx context.Context, id ExportID) (*Export, error)
	// Open opens one of the Files of an export that is done; nil when it has no
	// such. The caller closes it.
	Open(ctx context.Context, id ExportID, name string) (io.ReadSeekCloser, error)
}

// ExportOrder is what an export is to be made of. Its recipe is valid.
type ExportOrder struct {
	Recipe dataset.Recipe
	At     *time.Time // all up to that time, which decides instead of Cut
	Cut    domain.Cut // one of this log
}

// ExportStatus is how far an export is.
type ExportStatus string

// The states of an export.
const (
	ExportRunning ExportStatus = "running" // or waiting for its turn
	ExportDone    ExportStatus = "done"
	ExportFailed  ExportStatus = "failed"
)

// Export is an export as it is now.
type Export struct {
	ID       ExportID
	Status   ExportStatus
	Recipe   dataset.Recipe
	Cut      domain.Cut
	Why      string          // in one line, of one that failed
	Manifest json.RawMessage // of one that is done
	Files    []ExportFile    // of one that is done
}

// ExportFile is one file of an export.
type ExportFile struct {
	Name   string
	Bytes  int64
	SHA256 string // hexadecimal
}

var (
	errNoExports = failWith(http.StatusNotFound, codeOther, "this server makes no exports")
	errNoExport  = failWith(http.StatusNotFound, codeOther, "there is no such export; one that was under way when the server stopped must be asked for again")
	errNoFile    = failWith(http.StatusNotFound, codeOther, "the export has no such file")
)

// exportRetry is after how many seconds an export may find room in the queue.
const exportRetry = 30

// maxCut bounds the text of a cut: MaxPartitions numbers of 20 digits.
const maxCut = 32 << 10

func startExport(c *call) (reply, error) {
	if c.s.Exports == nil {
		return reply{}, errNoExports
	}
	order, err := c.exportOrder()
	if err != nil {
		return reply{}, err
	}
	id := ExportID(domain.Derive(c.command, "export", 0))
	e, err := c.s.Exports.Start(c.ctx(), id, order)
	if errors.Is(err, domain.ErrOverloaded) {
		f := overloaded("too many exports are waiting; try again when one is done", err)
		f.retry = exportRetry
		err = f
	}
	if err != nil {
		return reply{}, err
	}
	return accepted(showExport(&e))
}

// exportOrder reads the body; whatever is left out has a default.
func (c *call) exportOrder() (ExportOrder, error) {
	order := ExportOrder{Recipe: dataset.Recipe{Variant: dataset.Ready, Format: dataset.Trees}}
	o, _ := parseBody(c.raw, &c.problems, true)
	for _, f := range []struct {
		key     string
		value   *string
		allowed []string
	}{
		{"variant", (*string)(&order.Recipe.Variant), []string{string(dataset.Ready), string(dataset.All)}},
		{"format", (*string)(&order.Recipe.Format), []string{string(dataset.Trees), string(dataset.Messages)}},
		{"deleted", (*string)(&order.Recipe.Deleted), []string{string(dataset.DeletedInclude), string(dataset.DeletedOnly)}},
		{"events", (*string)(&order.Recipe.Events), []string{string(dataset.EventsInclude)}},
	} {
		if word := o.word(f.key, false, typeEnum, f.allowed); word != "" {
			*f.value = word
		}
	}
	at, cut := o.text("at", false, 1, maxParam), o.text("cut", false, 1, maxCut)
	if at != "" && cut != "" {
		o.bad("cut", typeValue, "at and cut both say how far to read; give one", nil)
	}
	if at != "" {
		t, ok := parseTime(at)
		if !ok {
			o.bad("at", typeTime, "this is no time such as 2024-01-02T12:00:00+00:00", nil)
		}
		order.At = &t
	}
	if err := c.valid(); err != nil {
		return order, err
	}
	given, end, err := c.cuts(cut)
	order.Cut = given
	if cut == "" {
		order.Cut = end
	}
	return order, err
}

// exportView is an export as the API shows it.
type exportView struct {
	ID       ExportID         `json:"id"`
	Status   ExportStatus     `json:"status"`
	Recipe   dataset.Recipe   `json:"recipe"`
	Cut      domain.Cut       `json:"cut"`
	Error    *string          `json:"error"`
	Manifest json.RawMessage  `json:"manifest"`
	Files    []exportFileView `json:"files"`
}

type exportFileView struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	URL    string `json:"url"` // without scheme and host
}

func showExport(e *Export) exportView {
	v := exportView{
		ID: e.ID, Status: e.Status, Recipe: e.Recipe, Cut: e.Cut, Error: textOrNull(e.Why), Manifest: e.Manifest,
	}
	for _, f := range e.Files {
		at := base + "/exports/" + e.ID.String() + "/files/" + url.PathEscape(f.Name)
		v.Files = append(v.Files, exportFileView{Name: f.Name, Bytes: f.Bytes, SHA256: f.SHA256, URL: at})
	}
	return v
}

func getExport(c *call) (reply, error) {
	e, err := c.export()
	if err != nil {
		return reply{}, err
	}
	return ok(showExport(e))
}

func (c *call) export() (*Export, error) {
	id := ExportID(c.pathID("export_id"))
	if err := c.valid(); err != nil {
		return nil, err
	}
	if c.s.Exports == nil {
		return nil, errNoExports
	}
	e, err := c.s.Exports.Export(c.ctx(), id)
	if err == nil && e == nil {
		err = errNoExport
	}
	return e, err
}

// getExportFile sends a file, or those parts of it that the client lacks.
func getExportFile(c *call) (reply, error) {
	e, err := c.export()
	if err != nil {
		return reply{}, err
	}
	name := c.params.path("name")
	i := slices.IndexFunc(e.Files, func(f ExportFile) bool { return f.Name == name })
	if i < 0 {
		return reply{}, errNoFile
	}
	done, err := c.stream()
	if err != nil {
		return reply{}, err
	}
	defer done()
	file, err := c.s.Exports.Open(c.ctx(), e.ID, name)
	if err != nil {
		return reply{}, err
	}
	if file == nil {
		return reply{}, errNoFile
	}
	defer file.Close()
	h := c.w.Header()
	h.Set("Content-Type", fileType(name))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("ETag", `"`+e.Files[i].SHA256+`"`)
	http.ServeContent(newPatient(c.w), c.r, "", time.Time{}, file)
	return written, nil
}

func fileType(name string) string {
	switch path.Ext(name) {
	case ".gz":
		return "application/gzip"
	case ".json":
		return jsonType
	case ".md":
		return "text/markdown; charset=utf-8"
	}
	return "application/octet-stream"
}
