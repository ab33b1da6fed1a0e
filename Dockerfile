# Frontdesk as one static binary, in an image that holds nothing else.
#
#   docker build -t frontdesk .
#   docker run -d --read-only --tmpfs /tmp --env-file .env -p 8080:8080 -v frontdesk:/data frontdesk

# GO_IMAGE may name any image with Go 1.26, git and CA certificates, for example one of your own registry, by its digest.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/frontdesk ./cmd/frontdesk
RUN mkdir -p image/data image/tmp && bin/frontdesk sbom > image/sbom.cdx.json

FROM scratch
# VERSION only labels the image; the binary has its own from git.
ARG VERSION=unknown
# REVISION is the commit, also for the label only.
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Frontdesk" \
      org.opencontainers.image.description="Answer in Slack what customers ask for" \
      org.opencontainers.image.source="https://github.com/frontdesk-hq/frontdesk" \
      org.opencontainers.image.documentation="https://github.com/frontdesk-hq/frontdesk/blob/main/deploy/README.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Time zones are inside the binary; certificates are read from this file.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/image/sbom.cdx.json /sbom.cdx.json
COPY --from=build /src/bin/frontdesk /frontdesk
# The user has no name here, and owns only what it has to write.
COPY --from=build --chown=65532:65532 /src/image/data /data
COPY --from=build --chown=65532:65532 /src/image/tmp /tmp
USER 65532:65532
# The database is a file of the working directory unless DATABASE_URL says
# otherwise. It is not set here, so that DATABASE_URL_FILE can name a secret.
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/frontdesk", "healthcheck"]
ENTRYPOINT ["/frontdesk"]
CMD ["serve"]
