#!/usr/bin/env bash
# The long proofs of a cluster, too long for every run of the tests:
#
#   deploy/prove.sh          ten minutes of killing nodes and brokers under clients
#   deploy/prove.sh 60       as many seconds of it
#
# Before that it shows that the kill test can fail: with fencing switched off,
# it must.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
export CI=true

kill_test() { go test -count=1 -timeout "$((seconds + 600))s" -run '^TestClusterSurvivesKills$' -v "$@" ./cmd/dendro; }

printf '\n== without fencing, where the kill test must find a damaged log\n'
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if DENDRO_KILL_SECONDS=60 kill_test -tags dendro_unfenced >"$said" 2>&1 || ! grep -q 'damaged log' "$said"; then
  tail -n 40 "$said"
  echo "without fencing the kill test passes, or fails for another reason: it proves nothing"
  exit 1
fi
grep -o 'damaged log: .*' "$said" | cut -c1-240 | head -n 1

printf '\n== %s seconds of killing nodes and brokers\n' "$seconds"
DENDRO_KILL_SECONDS=$seconds kill_test
