package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/directory"
)

// remoteClients works on a running server, with its root token.
type remoteClients struct {
	base  *url.URL
	token string
	http  http.Client
}

func newRemoteClients(server, token string) (*remoteClients, error) {
	u, err := serverAddress(server)
	if err != nil {
		return nil, err
	}
	return &remoteClients{base: u.JoinPath("api/v1/admin/api_client"), token: token, http: http.Client{Timeout: 30 * time.Second}}, nil
}

// serverAddress reads what --server says.
func serverAddress(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, misuse("--server: %q is no address such as http://127.0.0.1:8080", text)
	}
	return u, nil
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// do sends a request and reads the answer into out, if any is wanted.
func (r *remoteClients) do(ctx context.Context, method string, at *url.URL, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var refused struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(answer, &refused) != nil || refused.Message == "" {
			refused.Message = strings.TrimSpace(string(answer))
		}
		return fmt.Errorf("the server answers %s: %s", res.Status, refused.Message)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

func (r *remoteClients) create(ctx context.Context, row directory.Client) (key string, err error) {
	err = r.do(ctx, http.MethodPost, r.base, map[string]any{
		"description": row.Description, "frontend_type": row.FrontendType, "trusted": row.Trusted, "admin_email": row.AdminEmail,
	}, &key)
	return key, err
}

func (r *remoteClients) list(ctx context.Context) (out []clientLine, err error) {
	err = r.do(ctx, http.MethodGet, r.base, nil, &out)
	return out, err
}

func (r *remoteClients) revoke(ctx context.Context, id domain.ClientID, reason string) error {
	at := r.base.JoinPath(id.String())
	at.RawQuery = url.Values{"reason": {reason}}.Encode()
	return r.do(ctx, http.MethodDelete, at, nil, nil)
}

func (r *remoteClients) Close() error {
	r.http.CloseIdleConnections()
	return nil
}
