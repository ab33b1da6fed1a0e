// The drawer at the bottom: what goes over the wire, and what can go wrong.
import { computed, signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, post } from "./api";
import { looked } from "./hints";
import { clockOf } from "./text/dates";
import type { Answer, Fault, Line } from "./types";
import { faults, person, running, toast, wire } from "./world";

const open = signal(false);

export function Drawer(): VNode {
  const failed = wire.value.filter((l) => l.failed).length;
  return (
    <section class="drawer" aria-label="On the wire, and what if">
      <div class="bar">
        <button
          type="button" id="drawer-button" class="bar-button" aria-expanded={open.value} aria-controls="drawer"
          onClick={() => {
            open.value = !open.value;
            looked.value = true;
          }}
        ><span class="turn" aria-hidden="true">▸</span> On the wire<span class="wide">, and what if…</span>{failed > 0 ? <span id="wire-failed" class="count bad">{failed} failed</span> : null}</button>
        <Troubles />
        <span class="not-slack">Practice, not Slack</span>
      </div>
      {open.value ? <div id="drawer" class="drawer-body"><WhatIf /><Wire /></div> : null}
    </section>
  );
}

const waiting = signal<string[]>([]); // the switches on their way

// once sends an action, and keeps a second click from overtaking it.
async function once(name: string, path: string, body: unknown): Promise<void> {
  if (waiting.value.includes(name)) return;
  waiting.value = [...waiting.value, name];
  const outcome = await post(path, body);
  if (!outcome.ok) toast(outcome.error ?? "That did not work.");
  waiting.value = waiting.value.filter((other) => other !== name);
}

const flip = (f: Fault): Promise<void> => once(f.id, "fault", { as: person.value, fault: f.id, on: !f.on });
const busy = (name: string): true | undefined => waiting.value.includes(name) || undefined;
const turn = (run: boolean): Promise<void> => once("desk", "desk", { run });

// Troubles tells what is wrong now, where it moves nothing else.
function Troubles(): VNode {
  const on = faults.value.filter((f) => f.on);
  const node = useRef<HTMLDivElement>(null);
  const inside = useRef(false);
  useLayoutEffect(() => {
    // The button that ended it is gone: the keyboard goes on beside it.
    if (inside.current && document.activeElement === document.body) document.getElementById("drawer-button")?.focus({ preventScroll: true });
    inside.current = node.current?.contains(document.activeElement) === true;
  });
  return (
    <div id="troubles" class="troubles" role="region" aria-label="What goes wrong now" aria-live="polite" ref={node} hidden={running.value && on.length === 0}>
      <ul id="troubles-list">
        {running.value ? null : (
          <li class="stopped"><strong>Frontdesk is stopped.</strong> <button type="button" class="button small" aria-busy={busy("desk")} onClick={() => void turn(true)}>Start it</button></li>
        )}
        {on.map((f) => (
          <li key={f.id}><button
            type="button" class="trouble" title={f.hint} aria-label={`${f.name}: switch it off`} aria-busy={busy(f.id)} onClick={() => void flip(f)}
          >{f.name}<span aria-hidden="true"> ×</span></button></li>
        ))}
      </ul>
    </div>
  );
}

const WhatIf = (): VNode => (
  <section class="what-if" aria-labelledby="what-if-title">
    <h2 id="what-if-title">What if…</h2>
    <ul id="faults">
      {faults.value.map((f) => (
        <li key={f.id}>
          <button type="button" role="switch" class="switch" aria-checked={f.on} aria-busy={busy(f.id)} aria-describedby={`hint-${f.id}`} onClick={() => void flip(f)}>{f.name}</button>
          <p class="hint" id={`hint-${f.id}`}>{f.hint}</p>
        </li>
      ))}
      <li><button type="button" id="desk-button" class="button small" aria-busy={busy("desk")} onClick={() => void turn(!running.value)}>{running.value ? "Stop Frontdesk" : "Start Frontdesk"}</button></li>
    </ul>
  </section>
);

const party = signal("");
const failures = signal(false);
const wanted = signal("");
const paused = signal<Line[] | null>(null);

// Run is a line, and how often the same came right before it.
interface Run { line: Line; count: number }

const same = (a: Line, b: Line): boolean =>
  a.from === b.from && a.to === b.to && a.what === b.what && a.status === b.status && a.note === b.note && a.signature === b.signature;

const runs = computed<Run[]>(() => {
  const words = wanted.value.trim().toLowerCase();
  const fits = (l: Line): boolean => (!party.value || l.from === party.value || l.to === party.value) && (!failures.value || l.failed) &&
    `${l.from} ${l.to} ${l.what} ${l.status} ${l.note ?? ""}`.toLowerCase().includes(words);
  const list: Run[] = [];
  for (const line of (paused.value ?? wire.value).toReversed()) {
    const last = list.at(-1);
    if (!fits(line)) continue;
    if (last && same(last.line, line)) last.count++;
    else list.push({ line, count: 1 });
  }
  return list;
});

function Wire(): VNode {
  const [shown, setShown] = useState("");
  return (
    <section class="wire" aria-label="Calls and deliveries">
      <div class="wire-tools" role="group" aria-label="Which are shown">
        <select id="wire-party" aria-label="With whom" value={party.value} onChange={(event) => { party.value = event.currentTarget.value; }}>
          <option value="">Slack and Conveyor</option><option value="Slack">Slack</option><option value="Conveyor">Conveyor</option>
        </select>
        <input id="wire-filter" type="search" aria-label="Filter" placeholder="Filter" value={wanted.value} onInput={(event) => { wanted.value = event.currentTarget.value; }} />
        <label class="check"><input type="checkbox" id="wire-failures" checked={failures.value} onChange={(event) => { failures.value = event.currentTarget.checked; }} /> Failed only</label>
        <button
          type="button" id="wire-pause" class="button small" aria-pressed={paused.value !== null}
          onClick={() => { paused.value = paused.value ? null : wire.value; }}
        >{paused.value ? `Go on (${wire.value.filter((l) => !paused.value!.some((p) => p.id === l.id)).length} new)` : "Pause"}</button>
      </div>
      <div class="wire-scroller" tabIndex={0} role="region" aria-label="What went over the wire">
        <table>
          <thead><tr><th scope="col">Time</th><th scope="col">From → to</th><th scope="col">What</th><th scope="col">Status</th><th scope="col">Took</th><th scope="col">Signature</th></tr></thead>
          <tbody id="wire">{runs.value.map((run) => (
            <Row key={run.line.id} run={run} open={shown === run.line.id} toggle={() => setShown(shown === run.line.id ? "" : run.line.id)} />
          ))}</tbody>
        </table>
        {runs.value.length === 0 ? <p class="quiet">Nothing fits.</p> : null}
      </div>
    </section>
  );
}

function Row({ run: { line, count }, open: shown, toggle }: { run: Run; open: boolean; toggle: () => void }): VNode {
  return (
    <>
      <tr class={line.failed ? "failed" : undefined}>
        <td>{clockOf(new Date(line.time))}</td>
        <td>{line.from} → {line.to}</td>
        <td><button type="button" class="link what" aria-expanded={shown} onClick={toggle}><code>{line.what}</code></button>{count > 1 ? <span class="quiet"> ×{count}</span> : null}</td>
        <td>{line.status || ""}{line.note ? <span class="note"> {line.note}</span> : null}</td>
        <td>{line.millis} ms</td>
        <td>{line.signature === "valid" ? <span class="valid">✓ valid</span> : line.signature ? <span class="note">✗ invalid</span> : line.from === "Frontdesk" ? "" : <span class="quiet">none</span>}</td>
      </tr>
      {shown ? <Exchange line={line} /> : null}
    </>
  );
}

interface Bodies extends Answer { request: string; response: string }

function Exchange({ line }: { line: Line }): VNode {
  const [bodies, setBodies] = useState<Bodies | null>(null);
  useEffect(() => {
    let old = false;
    void get<Bodies>("exchange", { id: line.id }).then((b) => { if (!old) setBodies(b ?? { ok: false, error: "The practice workspace does not answer.", request: "", response: "" }); });
    return () => { old = true; };
  }, [line.id, line.status]);
  return (
    <tr class="exchange"><td colSpan={6}>
      {!bodies ? <p class="quiet">Fetching…</p> : !bodies.ok ? <p class="quiet">{bodies.error}</p> : (
        <div class="bodies">
          <figure><figcaption>{line.from} sends</figcaption><pre tabIndex={0} aria-label={`What ${line.from} sends`}>{bodies.request || "(nothing)"}</pre></figure>
          <figure><figcaption>{line.to} answers{line.status ? ` ${line.status}` : ""}</figcaption><pre tabIndex={0} aria-label={`What ${line.to} answers`}>{bodies.response || "(nothing)"}</pre></figure>
        </div>
      )}
    </td></tr>
  );
}
