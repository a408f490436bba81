package memory_test

import (
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/adapters/memory"
	"dendro/domain/directory"
)

func TestDirectory(t *testing.T) {
	adaptertest.DirectorySuite(t, func(*testing.T) (directory.Directory, func(*testing.T) directory.Directory) {
		d := memory.NewDirectory()
		return d, func(*testing.T) directory.Directory { return d }
	})
}
