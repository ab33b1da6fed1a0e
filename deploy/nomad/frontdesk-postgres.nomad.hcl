# Three Frontdesks on Nomad that share one PostgreSQL, with the secrets in Vault.
#
# Before the first run:
#
# 1. An empty PostgreSQL database, and a user that may create tables in it.
#
# 2. The secrets in Vault's key-value store (version 2), under a role that lets
#    this job read them (the last two may be left out). From a file that only
#    you can read, so that they are in no history:
#
#      vault kv put -mount=secret frontdesk @secrets.json
#
#      {
#        "conveyor_key": "...",
#        "slack_bot_token": "...",
#        "slack_signing_secret": "...",
#        "database_url": "postgres://frontdesk:...@db.example.com:5432/frontdesk",
#        "conveyor_webhook_secret": "...",
#        "frontdesk_api_token": "..."
#      }
#
# 3. The job, which needs Nomad 1.7 or newer with workload identities for Vault:
#
#      nomad job run -var image=registry.example.com/frontdesk:TAG \
#        -var slack_channel_id=C0123456789 -var reviewers=ann@example.com \
#        -var frontdesk_url=https://frontdesk.example.com deploy/nomad/frontdesk-postgres.nomad.hcl
#
# A changed secret restarts the instances, spread over a minute. The job has the
# same name as the one with SQLite, so it takes that one's place; move the data
# first, see docs/operations.md.

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

variable "vault_role" {
  type        = string
  default     = "frontdesk"
  description = "Vault's role for this job."
}

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

job "frontdesk" {
  type        = "service"
  datacenters = var.datacenters

  group "frontdesk" {
    # Any number shares the work; three outlive a node that dies during an update.
    count = 3

    spread {
      attribute = "${node.unique.id}"
    }

    network {
      port "http" {
        to = 8080
      }
    }

    # One after the other, so that the address that Slack calls is never without
    # a Frontdesk.
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

    # Never given up: what it waits for may be the database.
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

      vault {
        role = var.vault_role
      }

      env {
        PORT             = "8080"
        SLACK_CHANNEL_ID = var.slack_channel_id
        REVIEWERS        = var.reviewers
        FRONTDESK_URL    = var.frontdesk_url
        LOG_FORMAT       = "json"
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/frontdesk.env"
        env         = true
        change_mode = "restart"
        splay       = "1m"
        data        = <<-EOT
          {{- with secret "secret/data/frontdesk" }}
          CONVEYOR_KEY='{{ .Data.data.conveyor_key }}'
          SLACK_BOT_TOKEN='{{ .Data.data.slack_bot_token }}'
          SLACK_SIGNING_SECRET='{{ .Data.data.slack_signing_secret }}'
          DATABASE_URL='{{ .Data.data.database_url }}'
          {{- with .Data.data.conveyor_webhook_secret }}
          CONVEYOR_WEBHOOK_SECRET='{{ . }}'
          {{- end }}
          {{- with .Data.data.frontdesk_api_token }}
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
