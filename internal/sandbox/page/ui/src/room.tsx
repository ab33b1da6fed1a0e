// The customer's side, and the practice Conveyor's own application.
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { post } from "./api";
import { timeOf } from "./text/dates";
import type { Access, Request } from "./types";
import { access, groups, moreGroups, requests, toast } from "./world";

export const Room = (): VNode => (
  <aside class="side" aria-label="Customer and Conveyor">
    <Customer />
    <Conveyor />
  </aside>
);

async function send(path: string, body: unknown, done?: string): Promise<boolean> {
  const outcome = await post(path, body);
  if (!outcome.ok) toast(outcome.error ?? "That did not work.");
  else if (done) toast(done, true);
  return outcome.ok;
}

function Customer(): VNode {
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const data = Object.fromEntries(new FormData(form));
    if (await send("request", data, "Requested. Frontdesk will hear of it from Conveyor.")) form.reset();
  };
  return (
    <section class="card" aria-labelledby="customer-title">
      <h2 id="customer-title">The customer’s side</h2>
      <p class="quiet">A made-up trust center, not Slack.</p>
      <form id="customer" autocomplete="off" onSubmit={(event) => { event.preventDefault(); void submit(event.currentTarget); }}>
        <label for="customer-email">Customer’s e-mail</label>
        <input id="customer-email" class="field" name="email" type="email" required maxLength={320} placeholder="grace@customer.example" />
        <label for="customer-message">Message <span class="quiet">(optional)</span></label>
        <textarea id="customer-message" class="field" name="message" rows={2} placeholder="Why do they need your security documents?" />
        <button type="submit" class="button primary">Request access</button>
      </form>
    </section>
  );
}

const tabs = { requests: "Requests", people: "People", groups: "Groups" } as const;
type TabName = keyof typeof tabs;
const tab = signal<TabName>("requests");

function Conveyor(): VNode {
  const names = Object.keys(tabs) as TabName[];
  const keys = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    tab.value = names[(names.indexOf(tab.value) + step + names.length) % names.length]!;
    document.getElementById(`tab-${tab.value}`)?.focus();
  };
  const open = requests.value.filter((r) => r.status === "requested").length;
  return (
    <section class="card" aria-labelledby="room-title">
      <h2 id="room-title">Practice Conveyor</h2>
      <p class="quiet">What the trust room itself knows. Decide here to see “handled in Conveyor” in the channel.</p>
      <div role="tablist" aria-label="Conveyor" class="tablist" onKeyDown={keys}>
        {names.map((name) => (
          <button
            key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={tab.value === name} aria-controls="conveyor" tabIndex={tab.value === name ? 0 : -1}
            onClick={() => { tab.value = name; }}
          >{tabs[name]}{name === "requests" && open ? <span class="count"> {open}<span class="unseen"> open</span></span> : null}</button>
        ))}
      </div>
      <div id="conveyor" role="tabpanel" aria-labelledby={`tab-${tab.value}`}>
        {tab.value === "requests" ? <Requests /> : tab.value === "people" ? <People /> : <Groups />}
      </div>
    </section>
  );
}

const Requests = (): VNode => (
  <ul id="requests" class="requests">
    {requests.value.length ? requests.value.map((r) => <RequestRow key={r.id} r={r} />) : <li class="quiet">No requests yet.</li>}
  </ul>
);

function RequestRow({ r }: { r: Request }): VNode {
  const [chosen, setChosen] = useState<string[]>([]);
  const decide = (decision: string, own: string[] = []): Promise<boolean> => send("decide", { request: r.id, decision, groups: own });
  return (
    <li class="request">
      <p class="request-head"><span class="request-email" title={r.email}>{r.email}</span><span class={`status ${r.status}`}>{statusOf(r)}</span></p>
      {r.message ? <p class="request-message">{r.message}</p> : null}
      <p class="quiet">{detailsOf(r)}</p>
      {r.status === "requested" ? (
        <>
          {groups.value.length ? (
            <details class="with-groups">
              <summary>Access groups{chosen.length ? `: ${chosen.length}` : ""}<span class="unseen"> for {r.email}</span></summary>
              <div class="choices">{groups.value.map((g) => (
                <label key={g.id}>
                  <input
                    type="checkbox" checked={chosen.includes(g.id)}
                    onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen, g.id] : chosen.filter((id) => id !== g.id))}
                  /><span>{g.name}</span>
                </label>
              ))}</div>
            </details>
          ) : null}
          <p class="request-actions">
            <button type="button" class="button small" aria-label={`Approve here: the request of ${r.email}, in Conveyor`} onClick={() => void decide("approve", chosen)}>Approve here</button>
            <button type="button" class="button small" aria-label={`Ignore here: the request of ${r.email}, in Conveyor`} onClick={() => void decide("ignore")}>Ignore here</button>
          </p>
        </>
      ) : null}
    </li>
  );
}

const statusOf = (r: Request): string =>
  ({ requested: "open", initial: "draft" } as Record<string, string>)[r.status] ?? (r.gated ? "approved, NDA open" : r.status);

function detailsOf(r: Request): string {
  const at = new Date(r.requested_at);
  const parts: string[] = [];
  if (at.getTime() > 0) parts.push(`Requested ${timeOf(at)}`);
  if (r.elsewhere) parts.push("decided in Conveyor");
  else if (r.decided_by) parts.push(`decided by ${r.decided_by}`);
  if (r.status === "approved") parts.push(r.groups.length ? r.groups.join(", ") : "standard access");
  return parts.join(" · ");
}

const People = (): VNode => (
  <ul id="access" class="requests">
    {access.value.length ? access.value.map((a) => <AccessRow key={a.email} a={a} />) : <li class="quiet">Nobody has access yet.</li>}
  </ul>
);

const AccessRow = ({ a }: { a: Access }): VNode => (
  <li class="request">
    <p class="request-head">
      <span class="request-email" title={a.email}>{a.email}</span>
      <span class={`status ${a.status === "authorized" ? "approved" : ""}`}>{a.status === "authorized" ? "has access" : a.status === "gated" ? "NDA open" : a.status}</span>
    </p>
    <p class="quiet">{[a.groups.length ? a.groups.join(", ") : "standard access", a.expires && `until ${a.expires}`].filter(Boolean).join(" · ")}</p>
    {a.status === "gated" ? (
      <p class="request-actions"><button type="button" class="button small" onClick={() => void send("sign", { email: a.email })}>Sign the NDA as {a.email}</button></p>
    ) : null}
  </li>
);

function Groups(): VNode {
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (await send("group", Object.fromEntries(new FormData(form)), "The access group is there. Frontdesk offers it with the next new request.")) form.reset();
  };
  return (
    <>
      <ul id="groups" class="groups">
        {groups.value.length === 0 ? <li class="quiet">None: approving gives standard access.</li> : null}
        {moreGroups.value > 0 ? <li class="quiet">{moreGroups.value} more, and</li> : null}
        {groups.value.map((g) => <li key={g.id}>{g.name}</li>)}
      </ul>
      <form id="group" class="inline" autocomplete="off" onSubmit={(event) => { event.preventDefault(); void submit(event.currentTarget); }}>
        <label for="group-name" class="unseen">Name of a new access group</label>
        <input id="group-name" class="field" name="name" required maxLength={300} placeholder="New access group" />
        <button type="submit" class="button">Add</button>
      </form>
    </>
  );
}
