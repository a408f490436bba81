package postgrestest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// fullDisk is loaded into a server: while a file is there, tables cannot grow,
// as on a disk that has no room left. What was written before can be written
// again, and the write-ahead log goes on: its files were made before.
//
// It stands between the server and the system because that takes no rights: a
// file system of its own would take root's, and a limit on the size of files
// (RLIMIT_FSIZE) is answered with another error than a full disk. The server
// meets ENOSPC where a disk would give it, and all that follows is its own.
const fullDisk = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int full(int fd, off_t end) {
	const char *flag = getenv("FULL_DISK");
	char link[64], path[4096];
	struct stat st;
	if (!flag || access(flag, F_OK) != 0 || fstat(fd, &st) != 0 || end <= st.st_size) return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0) return 0;
	path[n] = 0;
	return strstr(path, "/base/") != NULL;
}

static off_t length(const struct iovec *v, int n) {
	off_t sum = 0;
	for (int i = 0; i < n; i++) sum += v[i].iov_len;
	return sum;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WHEN_FULL(end) if (full(fd, end)) { errno = ENOSPC; return -1; }

ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { WHEN_FULL(at + (off_t)n) return NEXT(pwrite)(fd, b, n, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off_t at) { WHEN_FULL(at + (off_t)n) return NEXT(pwrite64)(fd, b, n, at); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { WHEN_FULL(at + length(v, n)) return NEXT(pwritev)(fd, v, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at) { WHEN_FULL(at + length(v, n)) return NEXT(pwritev64)(fd, v, n, at); }
int posix_fallocate(int fd, off_t at, off_t n) { if (full(fd, at + n)) return ENOSPC; return NEXT(posix_fallocate)(fd, at, n); }
int posix_fallocate64(int fd, off_t at, off_t n) { if (full(fd, at + n)) return ENOSPC; return NEXT(posix_fallocate64)(fd, at, n); }
`

// NewOnSmallDisk is New, with a disk that the test can Fill. It takes gcc, as
// tests with -race do, and Linux.
func NewOnSmallDisk(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "small-disk-") // where the server's user can read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	source, library := filepath.Join(dir, "full.c"), filepath.Join(dir, "full.so")
	if err := os.WriteFile(source, []byte(fullDisk), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v (Debian: apt-get install gcc libc6-dev)\n%s", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	flag := filepath.Join(dir, "full")
	s, err := start([]string{"LD_PRELOAD=" + library, "FULL_DISK=" + flag}, nil)
	needs(t, err)
	s.full = flag
	t.Cleanup(s.remove)
	return s
}

// Fill takes the room that is left; with false it gives it back.
func (s *Server) Fill(full bool) error {
	if !full {
		return os.Remove(s.full)
	}
	return os.WriteFile(s.full, nil, 0o644)
}
