package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"time"

	"dendro/adapters/dataset"
	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"

	"github.com/spf13/cobra"
)

// asker asks questions of the API: of a running server, or of one made for the
// purpose on a log. Both answer alike.
type asker interface {
	// ask gets a path, such as /audit/messages/ID?max_count=5.
	ask(ctx context.Context, path string) ([]byte, error)
	io.Closer
}

// askFlags adds the flags that say whom to ask; the answer opens it.
func askFlags(cmd *cobra.Command) func(context.Context) (asker, error) {
	data := dataFlag(cmd)
	f := cmd.Flags()
	log := f.String("log", "", "a log to read instead of --data: kafka://HOST:PORT,HOST:PORT/TOPIC")
	server := f.String("server", "", "a running server to ask instead, such as http://127.0.0.1:8080")
	key := f.String("key", "", "with --server: the key of a trusted API client; $"+keyVariable+" is seen by fewer")
	at := f.String("at", "", "as of this cut, or time, instead of now")
	return func(ctx context.Context) (asker, error) {
		if *server != "" {
			if f.Changed("data") || *log != "" {
				return nil, misuse("--server, --log and --data all say where; give one")
			}
			return newServerAsker(*server, cmp.Or(*key, os.Getenv(keyVariable)), *at)
		}
		from := *log
		if from == "" {
			var err error
			if from, err = data(); err != nil {
				return nil, err
			}
		}
		where, err := parsePlace(from)
		if err != nil {
			return nil, err
		}
		return newLogAsker(ctx, where, *at, newProgress(cmd.ErrOrStderr(), "reading the log"))
	}
}

// serverAsker asks a running server.
type serverAsker struct {
	base *url.URL
	key  string
	at   string
	http http.Client
}

func newServerAsker(server, key, at string) (*serverAsker, error) {
	u, err := serverAddress(server)
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, misuse("a server wants the key of a trusted client: set %s", keyVariable)
	}
	return &serverAsker{base: u, key: key, at: at, http: http.Client{Timeout: 2 * time.Minute}}, nil
}

// mostAnswered bounds what is read of an answer, in bytes.
const mostAnswered = 64 << 20

func (s *serverAsker) ask(ctx context.Context, path string) ([]byte, error) {
	u, err := s.base.Parse("/api/v1" + path)
	if err != nil {
		return nil, err
	}
	if s.at != "" {
		q := u.Query()
		q.Set("as_of", s.at)
		u.RawQuery = q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-API-Key", s.key)
	res, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswered))
	if err != nil {
		return nil, err
	}
	return answered(res.StatusCode, body)
}

func (s *serverAsker) Close() error { return nil }

// answered gives what a server answered, or what it refused.
func answered(status int, body []byte) ([]byte, error) {
	if status == http.StatusOK {
		return body, nil
	}
	var refused struct {
		Message string `json:"message"`
		Detail  []struct{ Msg string }
	}
	_ = json.Unmarshal(body, &refused) // what is no JSON says nothing
	for _, d := range refused.Detail {
		refused.Message = cmp.Or(refused.Message, d.Msg)
	}
	return nil, errors.New(cmp.Or(refused.Message, fmt.Sprintf("the server answers %d", status)))
}

// logAsker is an API over a log as of a cut. It writes nothing.
type logAsker struct {
	log      closingLog
	cut      domain.Cut
	progress *progress
	api      *httpapi.Server // made by the first question
}

func newLogAsker(ctx context.Context, where place, at string, p *progress) (*logAsker, error) {
	log, err := where.read(ctx)
	if err != nil {
		return nil, err
	}
	cut, err := cutOf(ctx, log, at)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return &logAsker{log: log, cut: cut, progress: p}, nil
}

// newAPI folds the views that questions are asked of.
func (a *logAsker) newAPI(ctx context.Context) (*httpapi.Server, error) {
	defer a.progress.end()
	m, err := momentAt(ctx, a.log, a.cut, a.progress.report)
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Config{
		Log: upTo{a.log, a.cut}, Engine: &commands.Engine{}, Views: m.Views, Directory: memory.NewDirectory(), Clock: domain.NewManualClock(m.Newest),
		Random: rand.Reader, NoRateLimits: true, AnyKey: true, Dev: directory.Client{ID: domain.ClientID{1}, Trusted: true},
	})
}

// cutOf turns a cut's text, or a time's, into a cut; the log's end when there
// is none.
func cutOf(ctx context.Context, log domain.Log, at string) (domain.Cut, error) {
	end, err := log.End(ctx)
	if err != nil || at == "" {
		return end, err
	}
	if cut, err := domain.ParseCut(at); err == nil {
		if !cut.Within(end) {
			return cut, fmt.Errorf("the log, which ends at %s, has no cut %s", end, cut)
		}
		return cut, nil
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return domain.Cut{}, misuse("--at: %q is neither a cut nor a time such as 2024-01-02T12:00:00Z", at)
	}
	return dataset.ResolveAt(ctx, log, t)
}

func (a *logAsker) ask(ctx context.Context, path string) ([]byte, error) {
	if a.api == nil {
		var err error
		if a.api, err = a.newAPI(ctx); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	a.api.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1"+path, nil))
	return answered(w.Code, w.Body.Bytes())
}

func (a *logAsker) Close() error { return a.log.Close() }
