// Building and replacing DOM nodes. Text from outside becomes text nodes only:
// no markup is ever parsed from it.

// el makes an element. Properties that begin with "on" are listeners, "key"
// names the node across redraws, the others are attributes; null, undefined and
// false leave one out.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "key") node.dataset.key = value;
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byID = (id) => document.getElementById(id);

export const withKey = (key, within = document) => within.querySelector(`[data-key="${CSS.escape(key)}"]`);

const signatures = new WeakMap();

// redraw replaces a container's children if what they show has changed. Who was
// in one of them with the keyboard stays there.
export function redraw(container, shows, build) {
  const signature = JSON.stringify(shows);
  if (signatures.get(container) === signature) return false;
  signatures.set(container, signature);
  const active = container.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset.key;
  const caret = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  container.replaceChildren(...[build()].flat(Infinity).filter(Boolean));
  if (!key) return true;
  const again = withKey(key, container);
  again?.focus({ preventScroll: true });
  if (again && caret && caret[0] !== null) again.setSelectionRange(...caret);
  return true;
}

// toast tells a person in one sentence what went wrong or well.
export function toast(sentence, kind = "bad") {
  const open = [...document.querySelectorAll("dialog[open]")].pop();
  const home = open ?? document.body;
  let shelf = home.querySelector(":scope > .toasts");
  if (!shelf) {
    shelf = el("div", { class: "toasts" });
    home.append(shelf);
  }
  const node = el("div", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" },
    el("span", {}, sentence),
    el("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => node.remove() }, "×"));
  shelf.append(node);
  setTimeout(() => node.remove(), kind === "bad" ? 10000 : 4000);
}
