// The guided first minute: three hints, ticked off as they are done.
import { computed, signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { requests } from "./world";

const dismissed = "frontdesk-practice-hints-dismissed";

function kept(): boolean {
  try {
    return localStorage.getItem(dismissed) === "yes";
  } catch {
    return false; // a browser that keeps nothing
  }
}

const away = signal(kept());
export const looked = signal(false);

function dismiss(yes: boolean): void {
  away.value = yes;
  try {
    if (yes) localStorage.setItem(dismissed, "yes");
    else localStorage.removeItem(dismissed);
  } catch {
    // The hints come back with the next visit.
  }
}

const hints = computed(() => {
  const decided = (status: string): boolean => requests.value.some((r) => r.status === status && !r.elsewhere);
  return [
    { text: "Approve a request.", more: "Choose access groups first, or none for standard access.", done: decided("approved") },
    { text: "Reject another.", more: "You are asked for a reason.", done: decided("ignored") },
    { text: "Look at the wire.", more: "It is below, with every call.", done: looked.value },
  ];
});

export function ShowHints(): VNode | null {
  if (!away.value) return null;
  return (
    <button
      type="button" id="hints-show" class="plain quiet" onClick={() => {
        dismiss(false);
        setTimeout(() => document.getElementById("hints-dismiss")?.focus());
      }}
    >Show the hints</button>
  );
}

export function Hints(): VNode | null {
  const count = hints.value.filter((hint) => hint.done).length;
  const said = useRef(count);
  useEffect(() => { said.current = count; }, [count]);
  if (away.value) return null;
  return (
    <section id="hints" class="hints" aria-labelledby="hints-title">
      <h2 id="hints-title">Your first minute</h2>
      <button
        type="button" id="hints-dismiss" class="plain" aria-label="Hide the hints" onClick={() => {
          dismiss(true);
          setTimeout(() => document.getElementById("hints-show")?.focus());
        }}
      >×</button>
      <ol id="hints-list">
        {hints.value.map((hint) => (
          <li key={hint.text} class={hint.done ? "hint-item done" : "hint-item"}>
            <span class="tick" aria-hidden="true">{hint.done ? "✓" : ""}</span>
            <p><span class="unseen">{hint.done ? "Done: " : "To do: "}</span><strong>{hint.text}</strong> <span class="more">{hint.more}</span></p>
          </li>
        ))}
        {count === hints.value.length ? <li class="hint-item all">That was the first minute. Now see what happens if something fails.</li> : null}
      </ol>
      <p class="unseen" role="status">{count > said.current ? `${count} of ${hints.value.length} hints done.` : ""}</p>
    </section>
  );
}
