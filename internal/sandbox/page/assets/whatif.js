// What can go wrong: switches beside the wire, and what is on above the channel.
import { byID, el, redraw, toast } from "./dom.js";
import { post } from "./surface.js";

const busy = new Set(); // the switches on their way
let latest = null; // {faults, running, person, refresh}

export function drawWhatIf({ faults, running, person }, refresh) {
  latest = { faults, running, person, refresh };
  draw();
}

// once sends an action, and keeps a second click from overtaking it.
async function once(name, path, body) {
  if (busy.has(name)) return;
  busy.add(name);
  draw();
  const outcome = await post(path, body);
  if (!outcome.ok) toast(outcome.error);
  busy.delete(name);
  latest.refresh();
}

const flip = (fault) => once(fault.id, "fault", { as: latest.person, fault: fault.id, on: !fault.on });

// deskButton stops Frontdesk or starts it.
function deskButton(key, label) {
  const run = !latest.running;
  return el("button", {
    type: "button", class: "button small", key, "aria-busy": busy.has("desk") ? "true" : null, onclick: () => once("desk", "desk", { run }),
  }, label);
}

function draw() {
  const { faults, running } = latest;
  const shows = [faults, running, [...busy]];
  redraw(byID("faults"), shows, () => [
    ...faults.map((fault) => el("li", {}, el("button", {
      type: "button", role: "switch", class: "switch", key: `fault|${fault.id}`, "aria-checked": String(fault.on),
      "aria-busy": busy.has(fault.id) ? "true" : null, "aria-describedby": `hint-${fault.id}`, onclick: () => flip(fault),
    }, fault.name), el("p", { class: "hint", id: `hint-${fault.id}` }, fault.hint))),
    el("li", {}, deskButton("desk", running ? "Stop Frontdesk" : "Start Frontdesk")),
  ]);
  const on = faults.filter((fault) => fault.on);
  const hadKeyboard = byID("troubles").contains(document.activeElement);
  byID("troubles").hidden = running && on.length === 0;
  redraw(byID("troubles-list"), shows, () => [
    running ? null : el("li", { class: "stopped" }, el("strong", {}, "Frontdesk is stopped."),
      " Nobody answers a click until it is started again. ", deskButton("trouble|desk", "Start it")),
    ...on.map((fault) => el("li", {}, el("button", {
      type: "button", class: "trouble", key: `trouble|${fault.id}`, title: fault.hint, "aria-label": `${fault.name}: switch it off`, onclick: () => flip(fault),
    }, fault.name, el("span", { "aria-hidden": "true" }, " ×")))),
  ]);
  // The button that ended it is gone; the keyboard goes on with the messages.
  if (hadKeyboard && !byID("troubles").contains(document.activeElement)) byID("scroller").focus({ preventScroll: true });
}
