// The list that opens under a select or an overflow menu. There is one at a
// time; it outlives a redraw of the control that it belongs to.
import { el, withKey } from "./dom.js";

const shownAtMost = 200;
let open = null;

// openMenu opens a list under the control with that key. The description:
//   key, label   the control, and what it chooses
//   options()    what can be chosen now: [{text, value, description, group}]
//   search       asks the app for options while somebody types (external menus)
//   least        how many characters it wants first
//   chosen()     the values that are chosen
//   pick(option) is called with each choice
//   multi        several can be chosen: the list stays open
//   filter       there is a field to type in
export function openMenu(menu) {
  const again = open?.key === menu.key;
  closeMenu();
  const control = withKey(menu.key);
  if (again || !control) return;
  const list = el("ul", { class: "menu-list", id: "menu-list", role: menu.filter ? "listbox" : "menu", "aria-label": menu.label });
  if (menu.filter && menu.multi) list.setAttribute("aria-multiselectable", "true");
  const status = el("p", { class: "menu-status", role: "status" });
  const field = menu.filter ? el("input", {
    type: "text", class: "menu-field", role: "combobox", "aria-controls": "menu-list", "aria-expanded": "true",
    "aria-autocomplete": "list", "aria-label": `Search: ${menu.label}`, autocomplete: "off", spellcheck: "false",
    placeholder: menu.search ? "Type to search" : "Filter",
  }) : null;
  const node = el("div", { class: "menu" }, field, status, list);
  if (!field) list.tabIndex = -1;
  (control.closest("dialog") ?? document.body).append(node);
  open = { ...menu, node, field, list, status, options: [], active: 0, asked: 0, source: menu.options };
  field?.addEventListener("input", () => load(open));
  node.addEventListener("keydown", keydown);
  document.addEventListener("pointerdown", outside, true);
  place();
  load(open);
  (field ?? list).focus({ preventScroll: true });
}

export function closeMenu(back = false) {
  if (!open) return;
  const { node, key, timer } = open;
  open = null;
  clearTimeout(timer);
  document.removeEventListener("pointerdown", outside, true);
  const control = withKey(key);
  control?.setAttribute("aria-expanded", "false");
  const inside = node.contains(document.activeElement);
  node.remove();
  if (back || inside) control?.focus({ preventScroll: true });
}

// followMenu puts the list back under its control after a redraw.
export function followMenu() {
  if (!open) return;
  if (!withKey(open.key)) {
    closeMenu();
    return;
  }
  place();
  if (!open.search) load(open, true);
  else draw(open.status.textContent);
}

function outside(event) {
  if (open && !open.node.contains(event.target) && !withKey(open.key)?.contains(event.target)) closeMenu();
}

function place() {
  const control = withKey(open.key);
  control.setAttribute("aria-expanded", "true");
  const box = (control.closest(".select") ?? control).getBoundingClientRect();
  const width = Math.min(Math.max(box.width, open.filter ? 240 : 190), innerWidth - 16);
  const below = innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const up = below < 220 && above > below;
  Object.assign(open.node.style, {
    width: `${width}px`,
    left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`,
    maxHeight: `${Math.min(340, Math.max(120, up ? above : below))}px`,
    top: up ? "auto" : `${box.bottom + 4}px`,
    bottom: up ? `${innerHeight - box.top + 4}px` : "auto",
  });
}

addEventListener("resize", () => open && followMenu());
addEventListener("scroll", (event) => open && !open.node.contains(event.target) && place(), true);

// load finds the options for what is typed: here, or by asking the app.
function load(menu, stay = false) {
  const typed = menu.field?.value ?? "";
  if (!menu.search) {
    const wanted = typed.trim().toLowerCase();
    menu.options = menu.source().filter((o) => `${o.text} ${o.description ?? ""}`.toLowerCase().includes(wanted));
    if (!stay) menu.active = 0;
    draw();
    return;
  }
  const asked = ++menu.asked;
  clearTimeout(menu.timer);
  if ([...typed].length < menu.least) {
    menu.options = menu.source();
    draw(`Type at least ${menu.least} character${menu.least === 1 ? "" : "s"}.`);
    return;
  }
  draw("Searching…");
  menu.timer = setTimeout(async () => {
    const result = await menu.search(typed);
    if (open !== menu || asked !== menu.asked) return;
    menu.options = result.options ?? [];
    menu.active = 0;
    draw(result.ok ? "" : result.error);
  }, typed === "" ? 0 : 150);
}

function draw(sentence = "") {
  const { list, options, status, filter } = open;
  const chosen = new Set(open.chosen?.() ?? []);
  const shown = options.slice(0, shownAtMost);
  open.active = Math.max(0, Math.min(open.active, shown.length - 1));
  const more = options.length - shown.length;
  if (!sentence && options.length === 0) sentence = "Nothing found.";
  if (!sentence && more > 0) sentence = `${more} more: type to find them.`;
  status.textContent = sentence;
  status.hidden = sentence === "";
  let group = "";
  const rows = shown.flatMap((option, i) => {
    const row = el("li", {
      id: `menu-option-${i}`, role: filter ? "option" : "menuitem", class: i === open.active ? "active" : "",
      "aria-selected": filter ? String(chosen.has(option.value)) : null,
      onpointerdown: (event) => event.preventDefault(),
      onclick: () => choose(option),
    }, el("span", { class: "menu-text" }, option.text), option.description ? el("span", { class: "menu-more" }, option.description) : null);
    if ((option.group ?? "") === group) return [row];
    group = option.group;
    return [el("li", { class: "menu-group", role: "presentation" }, group), row];
  });
  list.replaceChildren(...rows);
  mark();
}

function mark() {
  const { list, field, active } = open;
  for (const row of list.querySelectorAll(".active")) row.classList.remove("active");
  const row = list.querySelector(`#menu-option-${active}`);
  row?.classList.add("active");
  row?.scrollIntoView({ block: "nearest" });
  const holder = field ?? list;
  if (row) holder.setAttribute("aria-activedescendant", row.id);
  else holder.removeAttribute("aria-activedescendant");
}

function choose(option) {
  const menu = open;
  if (!menu.multi) closeMenu(true);
  menu.pick(option);
  if (open === menu) draw(menu.status.textContent);
}

function keydown(event) {
  const count = Math.min(open.options.length, shownAtMost);
  const moves = { ArrowDown: open.active + 1, ArrowUp: open.active - 1, PageDown: open.active + 8, PageUp: open.active - 8 };
  if (!open.field) Object.assign(moves, { Home: 0, End: count - 1 });
  if (event.key in moves) {
    event.preventDefault();
    open.active = Math.max(0, Math.min(count - 1, moves[event.key]));
    mark();
  } else if (event.key === "Enter" || (event.key === " " && !open.field)) {
    event.preventDefault();
    if (count > 0) choose(open.options[open.active]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu(true);
  } else if (event.key === "Tab") {
    closeMenu(true);
  }
}
