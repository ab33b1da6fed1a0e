# Frontdesk as one static binary, in an image that holds nothing else.
#
#   docker build -t frontdesk .
#
# GO_IMAGE may name any image with Go 1.26 and CA certificates, for example one
# of your own registry.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/frontdesk ./cmd/frontdesk
RUN mkdir -p /empty/data /empty/tmp

FROM scratch
LABEL org.opencontainers.image.title="Frontdesk" \
      org.opencontainers.image.description="Answer in Slack what customers ask for" \
      org.opencontainers.image.source="https://github.com/frontdesk-hq/frontdesk" \
      org.opencontainers.image.licenses="MIT"
# Time zones are inside the binary; certificates are read from this file.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# The user has no name here, and owns only what it has to write.
COPY --from=build --chown=65532:65532 /empty/data /data
COPY --from=build --chown=65532:65532 /empty/tmp /tmp
COPY --from=build /src/bin/frontdesk /frontdesk
ENV DATABASE_URL=sqlite:/data/frontdesk.db
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
ENTRYPOINT ["/frontdesk"]
CMD ["serve"]
