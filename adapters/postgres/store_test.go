package postgres_test

import (
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
)

func TestStore(t *testing.T) {
	adaptertest.StoreSuite(t, func(t *testing.T, id domain.Identity) adaptertest.Store {
		return newStore(t, migrated(t, postgrestest.Shared(t)), id)
	})
}
