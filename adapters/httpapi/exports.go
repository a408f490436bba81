package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"dendro/domain"
	"dendro/projections/dataset"
)

var exportRoutes = []Route{
	post("/exports", trusted, startExport),
	get("/exports/{export_id}", trusted, getExport),
	get("/exports/{export_id}/files/{name}", trusted, getExportFile),
}

type exportKind struct{}

// ExportID names an export.
type ExportID = domain.ID[exportKind]

// Exports makes datasets in the background, and keeps them. All methods may be
// called concurrently.
type Exports interface {
	// Start puts an export under way, and does not wait for it. Where the id
	// names one already, that one is given and nothing begins. When too many
	// wait: domain.ErrOverloaded. It refuses a time that the log has not passed.
	Start(ctx context.Context, id ExportID, order ExportOrder) (Export, error)
	// Export tells of one, nil when the id names none.
	Export(ctx context.Context, id ExportID) (*Export, error)
	// Open opens a file that Export lists; nil when it lists no such.
	Open(ctx context.Context, id ExportID, name string) (io.ReadSeekCloser, error)
}

// ExportOrder is what an export is to be made of.
type ExportOrder struct {
	Recipe dataset.Recipe
	At     *time.Time // resolved to a cut when it is started
	Cut    domain.Cut // without At
}

// ExportStatus is how far an export is.
type ExportStatus string

// The states of an export.
const (
	ExportRunning ExportStatus = "running" // or waiting for its turn
	ExportDone    ExportStatus = "done"
	ExportFailed  ExportStatus = "failed"
)

// Export is one export as it is now.
type Export struct {
	ID       ExportID
	Status   ExportStatus
	Recipe   dataset.Recipe
	Cut      domain.Cut
	Why      string          // in one line, of a failed one
	Manifest json.RawMessage // of one that is done
	Files    []ExportFile    // of one that is done
}

// ExportFile is one file of a finished export.
type ExportFile struct {
	Name   string
	Bytes  int64
	SHA256 string // hexadecimal
}

func startExport(*call) (reply, error)   { return reply{}, errNoExports }
func getExport(*call) (reply, error)     { return reply{}, errNoExports }
func getExportFile(*call) (reply, error) { return reply{}, errNoExports }

var errNoExports = failWith(http.StatusNotFound, codeOther, "this server makes no exports")
