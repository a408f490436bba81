package httpapi

import (
	"context"
	"errors"
	"net/http"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/directory"
)

// createClient makes an API client. Its key is in the answer and nowhere else.
func createClient(c *call) (reply, error) {
	o := c.object()
	row := directory.Client{
		ID:          domain.ClientID(domain.Derive(c.command, "client", 0)),
		Description: o.text("description", true, 0, maxName), FrontendType: o.text("frontend_type", true, 0, maxName),
		AdminEmail: o.text("admin_email", false, 0, maxName), Trusted: o.truth("trusted", false),
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	key, res, err := MakeClient(c.ctx(), c.s.Config, row)
	if errors.Is(err, directory.ErrTaken) { // the answer to this Idempotency-Key is forgotten
		err = fail(codeOther, "this API client was made before, and its key was shown then; revoke it, and make another under a new Idempotency-Key")
	}
	if err != nil {
		return reply{}, err
	}
	c.positions = append(c.positions, res.At)
	return ok(key)
}

// MakeClient registers an API client and gives its key, which is kept nowhere.
// Only Engine, Directory, Clock and Random of the configuration are looked at.
// The log learns of the client first: one that a stop leaves without a key is
// nobody's.
func MakeClient(ctx context.Context, cfg Config, row directory.Client) (key string, res commands.Result, err error) {
	row.Created = domain.Instant(cfg.Clock.Now())
	if key, err = directory.NewKey(cfg.Random); err != nil {
		return "", res, err
	}
	row.KeyHash = directory.HashKey(key)
	if err := row.Validate(); err != nil {
		return "", res, err
	}
	res, err = cfg.Engine.Do(ctx, commands.Command{
		ID: domain.CommandID(domain.Derive(domain.CommandID(row.ID), "register", 0)), Actor: domain.ByRule("root_token"),
		Body: commands.OnCampaign{Do: campaign.RegisterClient{Client: row.ID, Trusted: row.Trusted}},
	})
	if err != nil {
		return "", res, err
	}
	return key, res, cfg.Directory.AddClient(ctx, row)
}

// ShutOut revokes an API client: its key is refused as soon as this returns,
// also where the log could not be told; then it may be called again.
func ShutOut(ctx context.Context, cfg Config, id domain.ClientID, reason string) (commands.Result, error) {
	if err := cfg.Directory.RevokeClient(ctx, id); err != nil {
		return commands.Result{}, err
	}
	return cfg.Engine.Do(ctx, commands.Command{
		ID: domain.CommandID(domain.Derive(domain.CommandID(id), "revoke", 0)), Actor: domain.ByRule("root_token"),
		Body: commands.OnCampaign{Do: campaign.RevokeClient{Client: id, Reason: reason}},
	})
}

// apiClient is what is told of an API client.
type apiClient struct {
	ID           domain.ClientID `json:"client_id"`
	Description  string          `json:"description"`
	FrontendType string          `json:"frontend_type"`
	Trusted      bool            `json:"trusted"`
	Revoked      bool            `json:"revoked"`
	Created      stamp           `json:"created_date"`
}

func listClients(c *call) (reply, error) {
	rows, err := c.s.Directory.ListClients(c.ctx())
	if err != nil {
		return reply{}, err
	}
	out := make([]apiClient, len(rows))
	for i, r := range rows {
		out[i] = apiClient{ID: r.ID, Description: r.Description, FrontendType: r.FrontendType, Trusted: r.Trusted, Revoked: r.Revoked, Created: stamp(r.Created)}
	}
	return ok(out)
}

func revokeClient(c *call) (reply, error) {
	id := domain.ClientID(c.pathID("client_id"))
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	res, err := ShutOut(c.ctx(), c.s.Config, id, reason)
	if errors.Is(err, directory.ErrUnknown) {
		err = failWith(http.StatusNotFound, codeOther, "there is no such API client")
	}
	if err != nil {
		return reply{}, err
	}
	c.positions = append(c.positions, res.At)
	return done, nil
}

// ForgetErased removes the directory's rows of contributors that the log says
// are erased: a stop may have come between the two.
func (s *Server) ForgetErased(ctx context.Context) error {
	all, err := s.Views.Contributors(ctx, nil)
	if err != nil {
		return err
	}
	for _, row := range all {
		if !row.Erased {
			continue
		}
		switch _, err := s.Directory.Person(ctx, row.ID); {
		case errors.Is(err, directory.ErrUnknown):
			continue
		case err != nil:
			return err
		}
		if err := s.Directory.Erase(ctx, row.ID); err != nil {
			return err
		}
	}
	return nil
}
