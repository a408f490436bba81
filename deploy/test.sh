#!/usr/bin/env bash
# Checks everything: format, vet, staticcheck, the architecture, all tests with
# the race detector, the views behind a large campaign, and a few seconds of
# every fuzz target.
#
# Runs on a fresh Debian machine that has Go; what else the tests need it
# installs (as root). From the network it takes Go modules, Debian packages and,
# for the brokers that tests start, Kafka's jars through Maven: each only when
# it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzz_seconds=5   # for one target, at most
fuzz_budget=180  # for all of them

stage() { printf '\n== %s\n' "$*"; }

# need COMMAND PACKAGE…: install the packages unless the command is there.
need() {
  command -v "$1" >/dev/null && return
  stage "installing ${*:2}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}" >/dev/null
}

# What the tests need beside Go. Servers that tests start belong here too.
install_needs() {
  need git git ca-certificates
  need gcc gcc libc6-dev # for the race detector
  need java default-jre-headless # Kafka: see deploy/testenv
  need mvn maven
  need kcat kcat
  need python3 python3 # the example consumer
  command -v postgres >/dev/null || need pg_ctlcluster postgresql # its server is not in the PATH
}

check_format() {
  stage "gofmt"
  local bad
  bad=$(find . -name '*.go' -not -path './.*' -print0 | xargs -0 gofmt -l)
  if [ -n "$bad" ]; then
    printf 'not formatted; run gofmt -w on:\n%s\n' "$bad"
    return 1
  fi
}

# The targets, one "PACKAGE NAME" a line.
fuzz_targets() {
  grep -rHoE '^func Fuzz[A-Za-z0-9_]*\(' --include='*_test.go' . |
    sed -E 's#/[^/]*:func (Fuzz[A-Za-z0-9_]*)\($# \1#' | sort -u
}

fuzz() {
  local targets count seconds package name
  targets=$(fuzz_targets || true)
  [ -n "$targets" ] || return 0
  count=$(wc -l <<<"$targets")
  seconds=$((fuzz_budget / count))
  seconds=$((seconds < fuzz_seconds ? seconds : fuzz_seconds))
  seconds=$((seconds > 1 ? seconds : 1))
  while read -r package name; do
    stage "fuzzing $package $name for $seconds s"
    timeout 120 go test -run='^$' -fuzz="^$name\$" -fuzztime="${seconds}s" -fuzzminimizetime=5s "$package" </dev/null
  done <<<"$targets"
}

install_needs
go version
check_format
stage "go vet";      go vet ./...
stage "staticcheck"; go tool staticcheck ./...
stage "architecture"
go test -run '^TestArchitecture' ./cmd/dendro
stage "tests"
go test -race -timeout 15m ./...
stage "views kept live through a campaign of 100,000 tasks"
go test -timeout 5m -run '^TestLiveViewsEqualRebuiltOnes$' ./cmd/dendro -args -campaign.tasks=100000
fuzz
stage "all is well"
