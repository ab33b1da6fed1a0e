GO ?= go
# The race detector needs cgo and a C compiler; without one the tests run without it.
RACE := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race)

.PHONY: sandbox build test lint generate licences vulncheck fuzz soak attack bench microbench page page-check release release-check

sandbox: ## see Frontdesk work in a browser, with a practice Slack and a practice Conveyor
	$(GO) run ./cmd/frontdesk sandbox

build: ## the binary, static, in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/frontdesk ./cmd/frontdesk

test: ## all tests; FRONTDESK_TEST_POSTGRES_URL adds those on PostgreSQL
	$(GO) test $(RACE) -shuffle=on -timeout 20m $(TESTFLAGS) ./...
	cd internal/deploytest && $(GO) test -shuffle=on -timeout 20m $(TESTFLAGS) ./...

lint: ## needs golangci-lint (.ci/run installs the pinned one)
	golangci-lint run ./...
	cd internal/deploytest && golangci-lint run ./...

generate: ## .env.example and docs/configuration.md from the settings' declarations
	$(GO) run ./internal/config/generate

licences: ## docs/licences.md, from what is linked into the binary
	$(GO) run ./internal/licences/generate

vulncheck: ## known vulnerabilities in what the program calls; fails where their database cannot be reached
	.ci/vulncheck

fuzz: ## every fuzz test for FUZZTIME
	.ci/fuzz $(or $(FUZZTIME),10s)

soak: ## kill at every point on both databases, then shake for SOAK; SEED gives a run again
	$(GO) test -v -count=1 -timeout 0 ./internal/faulttest -whole -shake $(or $(SOAK),10m) -seed $(or $(SEED),0)

bench: build ## Frontdesk beside a Bolt app, for docs/benchmarks.md; needs Node, half an hour and a quiet machine
	cd bench/peer && npm ci --no-audit --no-fund
	$(GO) run ./bench -page docs/benchmarks.md -postgres '$(FRONTDESK_TEST_POSTGRES_URL)' $(BENCHFLAGS)

microbench: ## the parts of a click's way, and the figures of docs/adr
	$(GO) test -run '^$$' -bench . -benchtime 50x ./internal/...

page: ## builds the sandbox's page from internal/sandbox/page/ui; needs Node
	cd internal/sandbox/page/ui && npm ci --no-audit --no-fund && npm run build

page-check: ## checks the page's types, and that its built files are what the sources give
	cd internal/sandbox/page/ui && npm ci --no-audit --no-fund && npm run check

attack: ## the whole of what the tests do in short: each attack on the door for ATTACK, PostgreSQL gone for OUTAGE
	$(GO) test -count=1 -v -timeout 30m -run UnderAttack ./internal/attacktest -attack=$(or $(ATTACK),15s) -clients=4 -pace=2ms
	$(GO) test -count=1 -v -timeout 30m -run TestPostgresIsGone ./internal/app -outage=$(or $(OUTAGE),65s)

release: ## a release of this commit in OUT: binaries, checksums and SBOMs, built twice; SNAPSHOT=1 without a version tag
	.ci/release $(or $(OUT),dist)

release-check: ## what is too long for .ci/run, or needs the network: the whole release, built twice from nothing; vulncheck
	rm -rf .ci/out/release && SNAPSHOT=1 .ci/release .ci/out/release
	.ci/vulncheck
