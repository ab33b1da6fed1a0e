// The topmost view of a person's stack, in a dialog.
import { byID, el, redraw, toast } from "./dom.js";
import { drawBlocks } from "./blocks.js";
import { closeMenu } from "./menu.js";
import { inputsOf, localOf, post, surfaceFor } from "./surface.js";

const dialog = byID("modal");
const inner = el("form", { class: "modal-inner", novalidate: true });
dialog.append(inner);

let top = null; // the view on top, and what is needed to act in it
let submitting = "";

// drawModal shows the topmost view, or none. shown holds views, person, names
// (what texts may name) and changed().
export function drawModal(shown) {
  const view = shown.views.at(-1);
  if (!view) {
    if (dialog.contains(document.querySelector(".menu"))) closeMenu();
    top = null;
    if (dialog.open) dialog.close();
    inner.replaceChildren();
    redraw(inner, null, () => []);
    return;
  }
  const fresh = top?.view.id !== view.id;
  top = { view, person: shown.person, changed: shown.changed };
  const depth = shown.views.length;
  const signature = [view, depth, shown.person, shown.namesSignature, localOf(`v:${view.id}`, view.id), submitting];
  const scrolled = inner.querySelector(".modal-body")?.scrollTop ?? 0;
  const drawn = redraw(inner, signature, () => parts(view, depth, shown));
  if (drawn && !fresh) inner.querySelector(".modal-body").scrollTop = scrolled;
  if (!dialog.open) dialog.showModal();
  if (fresh) (inner.querySelector(".modal-body :is(input, textarea, button)") ?? inner.querySelector("footer button:last-child"))?.focus();
  else if (drawn && !dialog.contains(document.activeElement)) dialog.focus();
}

function parts(view, depth, { person, names, changed }) {
  const surface = surfaceFor({
    key: `v:${view.id}`, place: { view: view.id }, as: person, state: view.state, errors: view.errors, ctx: names, changed,
  });
  const busy = submitting === view.id;
  return [
    el("header", {},
      el("h2", { id: "modal-title" }, view.title),
      depth > 1 ? el("span", { class: "quiet" }, `${depth} open`) : null,
      el("button", { type: "button", class: "plain close", key: "modal|close", "aria-label": "Close", onclick: () => leave(true) }, "×")),
    el("div", { class: "modal-body" },
      view.problem ? el("p", { class: "problem", role: "alert" }, view.problem) : null,
      drawBlocks(view.blocks, surface)),
    el("footer", {},
      el("span", { class: "not-slack" }, "Practice workspace, not Slack"),
      el("button", { type: "button", class: "button", key: "modal|cancel", onclick: () => leave(false) }, view.close || "Cancel"),
      view.submit ? el("button", {
        type: "submit", class: "button primary", key: "modal|submit", "aria-busy": busy ? "true" : null,
      }, view.submit) : null),
  ];
}

async function leave(all) {
  if (!top) return;
  const { view, person, changed } = top;
  const outcome = await post("close", { as: person, view: view.id, all });
  if (!outcome.ok) toast(outcome.error);
  changed(true);
}

inner.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!top?.view.submit || submitting) return;
  const { view, person, changed } = top;
  submitting = view.id;
  changed();
  const outcome = await post("submit", { as: person, view: view.id, inputs: inputsOf(view.id) });
  submitting = "";
  await changed(true);
  if (!outcome.ok && !Object.keys(outcome.errors ?? {}).length && top?.view.problem !== outcome.error) toast(outcome.error);
  if (outcome.errors) inner.querySelector('[aria-invalid="true"], .wrong input')?.focus();
});

// Enter in a one-line field submits, as it does in Slack; not out of a menu.
inner.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.closest(".menu")) event.preventDefault();
});

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  leave(false);
});
