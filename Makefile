GO ?= go
# The race detector needs cgo and a C compiler; without one the tests run without it.
RACE := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race)

.PHONY: sandbox build test lint generate fuzz bench

sandbox: ## see Frontdesk work in a browser, with a practice Slack and a practice Conveyor
	$(GO) run ./cmd/frontdesk sandbox

build: ## the binary, static, in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/frontdesk ./cmd/frontdesk

test: ## all tests; FRONTDESK_TEST_POSTGRES_URL adds those on PostgreSQL
	$(GO) test $(RACE) -shuffle=on $(TESTFLAGS) ./...

lint: ## needs golangci-lint (.ci/run installs the pinned one)
	golangci-lint run ./...

generate: ## .env.example and docs/configuration.md from the settings' declarations
	$(GO) run ./internal/config/generate

fuzz: ## every fuzz test for FUZZTIME
	.ci/fuzz $(or $(FUZZTIME),10s)

bench: ## the figures of docs/adr and of the click's way
	$(GO) test -run '^$$' -bench . -benchtime 50x ./internal/...
