// The practice Conveyor's own view, and what goes over the wire.
import { byID, el, redraw, toast } from "./dom.js";
import { post } from "./surface.js";
import { timeIn } from "./text.js";

const secondsOf = (time) => new Date(time).getTime() / 1000;

export function drawRoom({ requests, groups, more_groups: more }, zone, refresh) {
  redraw(byID("requests"), [requests, zone], () => (requests.length === 0
    ? el("li", { class: "quiet" }, "No requests yet.")
    : requests.map((request) => requestRow(request, zone, refresh))));
  redraw(byID("groups"), [groups, more], () => (groups.length === 0
    ? el("li", { class: "quiet" }, "None: approving gives standard access.")
    : [more > 0 ? el("li", { class: "quiet" }, `${more} more, and`) : null, groups.map((group) => el("li", {}, group.name))]));
}

function requestRow(request, zone, refresh) {
  const decide = async (decision) => {
    const outcome = await post("decide", { request: request.id, decision });
    if (!outcome.ok) toast(outcome.error);
    refresh();
  };
  const act = (decision, label) => el("button", {
    type: "button", class: "button small", key: `request|${request.id}|${decision}`,
    "aria-label": `${label} the request of ${request.email} in Conveyor`, onclick: () => decide(decision),
  }, `${label} here`);
  return el("li", { class: "request" },
    el("p", { class: "request-head" },
      el("span", { class: "request-email", title: request.email }, request.email),
      el("span", { class: `status ${request.status}` }, statusOf(request))),
    request.message ? el("p", { class: "request-message" }, request.message) : null,
    el("p", { class: "quiet" }, details(request, zone)),
    request.status === "requested" ? el("p", { class: "request-actions" }, act("approve", "Approve"), act("ignore", "Ignore")) : null);
}

const statusOf = ({ status, gated }) => ({ requested: "open", initial: "draft" }[status] ?? (gated ? "approved, NDA open" : status));

function details({ requested_at: at, elsewhere, decided_by: by, status, groups }, zone) {
  const parts = [];
  if (secondsOf(at) > 0) parts.push(`Requested ${timeIn(zone, secondsOf(at))}`);
  if (elsewhere) parts.push("decided in Conveyor");
  else if (by) parts.push(`decided by ${by}`);
  if (status === "approved") parts.push(groups.length ? groups.join(", ") : "standard access");
  return parts.join(" · ");
}

export function drawWire(lines, zone) {
  const failed = lines.filter((line) => line.failed).length;
  const count = byID("wire-failed");
  count.hidden = failed === 0;
  count.textContent = `${failed} failed`;
  redraw(byID("wire"), [lines, zone], () => lines.map((line) =>
    el("tr", { class: line.failed ? "failed" : "" },
      el("td", {}, timeIn(zone, secondsOf(line.time), true)),
      el("td", {}, `${line.from} → ${line.to}`),
      el("td", {}, el("code", {}, line.what), line.count > 1 ? el("span", { class: "quiet" }, ` ×${line.count}`) : null),
      el("td", {}, line.status ? String(line.status) : "", line.note ? el("span", { class: "note" }, ` ${line.note}`) : null))));
}
