// The guided first minute: three hints, ticked off as they are done.
import { byID, el, redraw } from "./dom.js";

const dismissed = "frontdesk-practice-hints-dismissed";
let away = kept() === "yes"; // for a browser that keeps nothing, until the page is left
let looked = false;
let said = null;

function kept() {
  try {
    return localStorage.getItem(dismissed);
  } catch {
    return null;
  }
}

function dismiss(yes) {
  away = yes;
  try {
    if (yes) localStorage.setItem(dismissed, "yes");
    else localStorage.removeItem(dismissed);
  } catch {
    // The hints come back with the next visit.
  }
}

export function drawHints(requests, changed) {
  const decided = (status) => requests.some((request) => request.status === status && !request.elsewhere);
  const hints = [
    { text: "Approve a request.", more: "Choose access groups first, or none for standard access.", done: decided("approved") },
    { text: "Reject another.", more: "You are asked for a reason.", done: decided("ignored") },
    { text: "Look at the wire.", more: "It is below the channel, with every call.", done: looked },
  ];
  const count = hints.filter((hint) => hint.done).length;
  byID("hints").hidden = away;
  byID("hints-show").hidden = !away;
  redraw(byID("hints-list"), hints, () => [
    ...hints.map((hint) => el("li", { class: hint.done ? "hint-item done" : "hint-item" },
      el("span", { class: "tick", "aria-hidden": "true" }, hint.done ? "✓" : ""),
      el("p", {}, el("span", { class: "unseen" }, hint.done ? "Done: " : "To do: "), el("strong", {}, hint.text),
        el("span", { class: "quiet" }, ` ${hint.more}`)))),
    count === hints.length ? el("li", { class: "hint-item all" }, "That was the first minute. Now see what happens if something fails.") : null,
  ]);
  // Only what happens while somebody looks is news.
  if (!away && said !== null && count > said) byID("hints-said").textContent = `${count} of ${hints.length} hints done.`;
  said = count;
  byID("hints-dismiss").onclick = () => {
    dismiss(true);
    changed();
    byID("hints-show").focus();
  };
  byID("hints-show").onclick = () => {
    dismiss(false);
    changed();
    byID("hints-dismiss").focus();
  };
  byID("drawer").ontoggle = () => {
    if (!byID("drawer").open || looked) return;
    looked = true;
    changed();
  };
}
