package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"dendro/commands"
	"dendro/domain"
)

// The paths of a node's handler.
const (
	CommandsPath  = "/internal/v1/commands"
	QuestionsPath = "/internal/v1/questions"
)

// Owner is the node behind a Handler; a *commands.Engine is one.
type Owner interface {
	DoHere(ctx context.Context, p domain.Partition, c commands.Command) (commands.Result, error)
	AskHere(ctx context.Context, p domain.Partition, q commands.Question) (commands.Answer, error)
}

var _ Owner = (*commands.Engine)(nil)

// maxAtOnce bounds the requests that a node works on for others; more are
// answered with domain.ErrOverloaded.
const maxAtOnce = 1024

// Handler serves the other nodes of the cluster. Strangers get status 401, and
// their requests are not read. It needs no other protection, but should listen
// where only nodes come. Give its server a ReadHeaderTimeout.
type Handler struct {
	mux   *http.ServeMux
	seal  sealer
	owner Owner
	slots chan struct{}
}

// NewHandler makes the handler of a node with a log of that id.
func NewHandler(log domain.LogID, secret Secret, clock domain.Clock, owner Owner) *Handler {
	h := &Handler{
		mux: http.NewServeMux(), seal: sealer{secret, log, clock}, owner: owner, slots: make(chan struct{}, maxAtOnce),
	}
	h.mux.HandleFunc("POST "+CommandsPath, h.sealed(h.command))
	h.mux.HandleFunc("POST "+QuestionsPath, h.sealed(h.question))
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// sealed lets nodes of the cluster in, and seals the reply.
func (h *Handler) sealed(do func(context.Context, []byte) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.seal.checkRequest(r); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		out, err := h.limited(w, r, do)
		if err != nil {
			out = reply{Failure: encodeFailure(err)}
		}
		body, err := json.Marshal(out)
		if err != nil || len(body) > maxAnswer {
			// The command may have been done: what is not sealed is not known.
			http.Error(w, "the answer cannot be sent", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		h.seal.sealAnswer(w.Header(), r.Header.Get(headerSeal), body)
		_, _ = w.Write(body) // whoever asked may be gone
	}
}

func (h *Handler) limited(w http.ResponseWriter, r *http.Request, do func(context.Context, []byte) (reply, error)) (reply, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return reply{}, fmt.Errorf("%d commands of other nodes are under way: %w", maxAtOnce, domain.ErrOverloaded)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return reply{}, fmt.Errorf("the request was not read: %w", err)
	}
	if digest(body) != r.Header.Get(headerDigest) {
		return reply{}, errors.New("the request was changed on its way")
	}
	return do(r.Context(), body)
}

func (h *Handler) command(ctx context.Context, body []byte) (reply, error) {
	p, c, err := decodeCommand(body)
	if err != nil {
		return reply{}, err
	}
	res, err := h.owner.DoHere(ctx, p, c)
	if err != nil {
		return reply{}, err
	}
	w, err := encodeResult(res)
	if err != nil {
		err = fmt.Errorf("the command was done, but its answer cannot be sent: %w: %w", domain.ErrUnknown, err)
	}
	return reply{Result: w}, err
}

func (h *Handler) question(ctx context.Context, body []byte) (reply, error) {
	p, q, err := decodeQuestion(body)
	if err != nil {
		return reply{}, err
	}
	a, err := h.owner.AskHere(ctx, p, q)
	return reply{Answer: &a}, err
}
