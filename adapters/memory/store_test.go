package memory_test

import (
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/adapters/memory"
	"dendro/domain"
)

func TestStore(t *testing.T) {
	adaptertest.StoreSuite(t, func(_ *testing.T, id domain.Identity) adaptertest.Store { return memory.NewStore(id) })
}
