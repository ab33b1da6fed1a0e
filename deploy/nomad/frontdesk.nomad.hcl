# Frontdesk on Nomad, with its SQLite file on one node's disk.
#
# Before the first run:
#
# 1. On one client, a folder that the image's user owns, and a host volume on it:
#
#      mkdir -p /opt/frontdesk && chown 65532:65532 /opt/frontdesk
#
#      client {
#        host_volume "frontdesk" {
#          path = "/opt/frontdesk"
#        }
#      }
#
# 2. The secrets, as a Nomad variable that only this job can read (the last two
#    may be left out). From the standard input, so that they are in no history:
#
#      nomad var put -in hcl - <<'EOF'
#      path = "nomad/jobs/frontdesk"
#      items {
#        conveyor_key            = "..."
#        slack_bot_token         = "..."
#        slack_signing_secret    = "..."
#        conveyor_webhook_secret = "..."
#        frontdesk_api_token     = "..."
#      }
#      EOF
#
# 3. The job, which needs Nomad 1.5 or newer:
#
#      nomad job run -var image=registry.example.com/frontdesk:TAG \
#        -var slack_channel_id=C0123456789 -var reviewers=ann@example.com \
#        -var frontdesk_url=https://frontdesk.example.com deploy/nomad/frontdesk.nomad.hcl
#
# A changed secret restarts the task. Several instances need PostgreSQL: that is
# frontdesk-postgres.nomad.hcl.

variable "image" {
  type        = string
  description = "The image, by a tag or digest that never changes what it means."
}

variable "slack_channel_id" {
  type        = string
  description = "The channel where requests are posted."
}

variable "reviewers" {
  type        = string
  description = "Who may decide; * lets every full member decide."
}

variable "frontdesk_url" {
  type        = string
  description = "The public address at which Slack reaches Frontdesk."
}

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

job "frontdesk" {
  type        = "service"
  datacenters = var.datacenters

  group "frontdesk" {
    # One, never more: Frontdesk locks its SQLite file, and a second one on the
    # same file refuses to start.
    count = 1

    volume "data" {
      type   = "host"
      source = "frontdesk"
    }

    network {
      port "http" {
        to = 8080
      }
    }

    # The old instance stops before the new one starts, because of the lock.
    # Nothing is lost meanwhile: requests wait in Conveyor, and Slack tells a
    # person whose click was not answered.
    update {
      max_parallel      = 1
      canary            = 0
      health_check      = "checks"
      min_healthy_time  = "10s"
      healthy_deadline  = "2m"
      progress_deadline = "5m"
      # The database is only ever migrated forward, so going back to an older
      # image is for a person to decide.
      auto_revert = false
    }

    # Never given up: what it waits for may be a volume or a database.
    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    # The proxy learns that it goes before it goes.
    shutdown_delay = "3s"

    # What the proxy in front sends people's clicks to. Its check asks only
    # whether the process answers: clicks are taken in while Slack or Conveyor
    # is in trouble, so trouble there must not take Frontdesk out of the proxy.
    service {
      name = "frontdesk"
      port = "http"

      check {
        name     = "alive"
        type     = "http"
        path     = "/healthz"
        interval = "10s"
        timeout  = "3s"

        check_restart {
          limit = 3
          grace = "60s"
        }
      }
    }

    # For deployments and alarms: a wrong token, a dead key or a database that
    # cannot be written fails this one, and the answer names the part.
    service {
      name = "frontdesk-ready"
      port = "http"

      check {
        name     = "ready"
        type     = "http"
        path     = "/readyz"
        interval = "15s"
        timeout  = "5s"
      }
    }

    task "frontdesk" {
      driver = "docker"

      # SIGTERM lets Frontdesk finish what is under way within 10 seconds.
      kill_signal  = "SIGTERM"
      kill_timeout = "20s"

      config {
        image           = var.image
        ports           = ["http"]
        readonly_rootfs = true
        cap_drop        = ["all"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      env {
        PORT             = "8080"
        DATABASE_URL     = "sqlite:/data/frontdesk.db"
        SLACK_CHANNEL_ID = var.slack_channel_id
        REVIEWERS        = var.reviewers
        FRONTDESK_URL    = var.frontdesk_url
        LOG_FORMAT       = "json"
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/frontdesk.env"
        env         = true
        change_mode = "restart"
        data        = <<-EOT
          {{- with nomadVar "nomad/jobs/frontdesk" }}
          CONVEYOR_KEY='{{ .conveyor_key }}'
          SLACK_BOT_TOKEN='{{ .slack_bot_token }}'
          SLACK_SIGNING_SECRET='{{ .slack_signing_secret }}'
          {{- with .conveyor_webhook_secret }}
          CONVEYOR_WEBHOOK_SECRET='{{ . }}'
          {{- end }}
          {{- with .frontdesk_api_token }}
          FRONTDESK_API_TOKEN='{{ . }}'
          {{- end }}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 200
        memory = 256
      }
    }
  }
}
