// Select menus and overflow menus: a button, and a list that opens under it.
import type { VNode } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { busy, type Choice, everybody, idOf, press, put, search, type Slot, valueOf } from "../surface";
import { plain } from "../text/mrkdwn";
import type { OptionObject } from "../types";
import { channels, person, toast } from "../world";
import { openLink, use } from "./use";

const shownAtMost = 200;

const choiceOf = (o: OptionObject, group?: string): Choice => ({
  text: plain(o.text), value: o.value, url: o.url, description: o.description ? plain(o.description) : undefined, group,
});

// offered lists what a menu can offer without asking the app.
function offered({ def }: Slot): Choice[] {
  if (def.type.endsWith("users_select")) return everybody();
  if (/(channels|conversations)_select$/.test(def.type)) {
    return channels.value.filter((c) => c.member).map((c) => ({ text: c.direct ? "Direct message" : `#${c.name}`, value: c.id }));
  }
  if (def.option_groups) return def.option_groups.flatMap((g) => g.options.map((o) => choiceOf(o, plain(g.label))));
  return (def.options ?? []).map((o) => choiceOf(o));
}

export function Select({ slot }: { slot: Slot }): VNode {
  const [open, setOpen] = useState(false);
  const control = useRef<HTMLButtonElement>(null);
  const { def } = slot;
  const multi = def.type.startsWith("multi_");
  const external = def.type.endsWith("external_select");
  const chosen = valueOf(slot).choices;
  const placeholder = def.placeholder ? plain(def.placeholder) : "Choose an option";
  const name = slot.input ? slot.label : placeholder;
  const set = (choices: Choice[]): void => void use(slot, () => put(slot, { choices }));
  const pick = (choice: Choice): void => {
    const before = valueOf(slot).choices;
    const without = before.filter((c) => c.value !== choice.value);
    if (!multi) set([choice]);
    else if (without.length < before.length) set(without);
    else if (before.length >= (def.max_selected_items ?? Infinity)) toast(`No more than ${def.max_selected_items} can be chosen.`);
    else set([...before, choice]);
  };
  const close = (back: boolean): void => {
    setOpen(false);
    if (back) control.current?.focus({ preventScroll: true });
  };
  const clears = !multi && slot.input && slot.block.optional && chosen.length > 0;
  return (
    <div class="select" aria-busy={busy(slot) || undefined}>
      {multi && chosen.length > 0 ? (
        <ul class="chips" aria-label={`Chosen: ${name}`}>{chosen.map((c) => (
          <li key={c.value}>
            <span>{c.text}</span>
            <button
              type="button" class="plain" aria-label={`Remove ${c.text}`}
              onClick={() => { set(valueOf(slot).choices.filter((other) => other.value !== c.value)); control.current?.focus(); }}
            >×</button>
          </li>
        ))}</ul>
      ) : null}
      <button
        type="button" ref={control} class="select-control" id={slot.input ? idOf(slot.key) : undefined} aria-haspopup="listbox" aria-expanded={open}
        aria-label={[name, ...(slot.input && (multi || !chosen.length) ? [placeholder] : []), ...(chosen.length ? [`chosen: ${chosen.map((c) => c.text).join(", ")}`] : [])].join(", ")}
        aria-describedby={slot.described} onClick={() => setOpen(!open)}
      ><span class={chosen.length && !multi ? "" : "placeholder"}>{chosen.length && !multi ? chosen[0]!.text : placeholder}</span></button>
      {clears ? <button type="button" class="plain clear" aria-label={`Clear ${name}`} onClick={() => { set([]); control.current?.focus(); }}>×</button> : null}
      {open ? (
        <Menu
          anchor={control} label={name} close={close} filter multi={multi} chosen={chosen}
          options={external ? chosen : offered(slot)} pick={pick}
          search={external ? (query) => search(slot, query) : undefined} least={def.min_query_length ?? 3}
        />
      ) : null}
    </div>
  );
}

export function Overflow({ slot }: { slot: Slot }): VNode {
  const [open, setOpen] = useState(false);
  const control = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        type="button" ref={control} class="button overflow" aria-label="More actions" aria-haspopup="menu" aria-expanded={open}
        aria-busy={busy(slot) || undefined} onClick={() => setOpen(!open)}
      >⋯</button>
      {open ? (
        <Menu
          anchor={control} label="More actions" chosen={[]} options={(slot.def.options ?? []).map((o) => choiceOf(o))}
          close={(back) => { setOpen(false); if (back) control.current?.focus({ preventScroll: true }); }}
          pick={(choice) => void use(slot, () => {
            openLink(choice.url);
            press(slot, [choice.value]);
          })}
        />
      ) : null}
    </>
  );
}

interface MenuProps {
  anchor: { current: HTMLElement | null };
  label: string;
  options: Choice[];
  chosen: Choice[];
  pick: (choice: Choice) => void;
  close: (back: boolean) => void;
  multi?: boolean;
  // filter says that there is a field to type in.
  filter?: boolean;
  search?: (query: string) => Promise<{ ok: boolean; error?: string; options: Choice[] }>;
  least?: number;
}

function Menu(p: MenuProps): VNode {
  const id = useId();
  const node = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLInputElement & HTMLUListElement>(null);
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const [result, setResult] = useState<{ options: Choice[]; sentence: string } | null>(null);
  const actor = useRef(person.value);

  useLayoutEffect(() => {
    const place = (): void => stand(node.current, p.anchor.current, p.filter === true);
    place();
    holder.current?.focus({ preventScroll: true });
    const outside = (event: Event): void => {
      if (!node.current?.contains(event.target as Node) && !p.anchor.current?.contains(event.target as Node)) p.close(false);
    };
    const scrolled = (event: Event): void => { if (!node.current?.contains(event.target as Node)) place(); };
    document.addEventListener("pointerdown", outside, true);
    addEventListener("scroll", scrolled, true);
    addEventListener("resize", place);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("scroll", scrolled, true);
      removeEventListener("resize", place);
    };
  }, []);
  useLayoutEffect(() => stand(node.current, p.anchor.current, p.filter === true));
  useEffect(() => { if (actor.current !== person.value) p.close(false); });

  // Somebody types into an external menu: the app is asked a moment later.
  useEffect(() => {
    const ask = p.search;
    if (!ask) return undefined;
    const least = p.least ?? 3;
    if ([...typed].length < least) {
      setResult({ options: p.options, sentence: `Type at least ${least} character${least === 1 ? "" : "s"}.` });
      return undefined;
    }
    let old = false;
    setResult((before) => ({ options: before?.options ?? [], sentence: "Searching…" }));
    const timer = setTimeout(async () => {
      const found = await ask(typed);
      if (!old) setResult({ options: found.options ?? [], sentence: found.ok ? "" : found.error ?? "That did not work." });
    }, typed === "" ? 0 : 150);
    return () => {
      old = true;
      clearTimeout(timer);
    };
  }, [typed]);

  const wanted = typed.trim().toLowerCase();
  const all = p.search ? result?.options ?? [] : p.options.filter((c) => `${c.text} ${c.description ?? ""}`.toLowerCase().includes(wanted));
  const shown = all.slice(0, shownAtMost);
  const at = Math.max(0, Math.min(active, shown.length - 1));
  const more = all.length - shown.length;
  const sentence = (p.search && result?.sentence) || (all.length === 0 ? "Nothing found." : more > 0 ? `${more} more: type to find them.` : "");
  const optionID = (i: number): string => `${id}-${i}`;
  const current = shown.length ? optionID(at) : undefined;
  useLayoutEffect(() => {
    if (current) document.getElementById(current)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const choose = (choice: Choice): void => {
    if (!p.multi) p.close(true);
    p.pick(choice);
  };
  const keys = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8, ...(!p.filter && { Home: 0, End: shown.length - 1 }) };
    const to = moves[event.key];
    const choice = shown[at];
    if (to !== undefined) setActive(Math.max(0, Math.min(shown.length - 1, to)));
    else if (event.key === "Enter" || (event.key === " " && !p.filter)) { if (choice) choose(choice); } else if (event.key === "Escape") event.stopPropagation();
    else if (event.key !== "Tab") return;
    if (event.key === "Escape" || event.key === "Tab") p.close(true);
    if (event.key !== "Tab") event.preventDefault();
  };

  const row = (choice: Choice, i: number): VNode => (
    <li
      key={choice.value} id={optionID(i)} role={p.filter ? "option" : "menuitem"} class={i === at ? "option active" : "option"}
      aria-selected={p.filter ? p.chosen.some((c) => c.value === choice.value) : undefined}
      onPointerDown={(event) => event.preventDefault()} onClick={() => choose(choice)}
    ><span class="menu-text">{choice.text}</span>{choice.description ? <span class="menu-more">{choice.description}</span> : null}</li>
  );
  const list = (
    <ul
      class="menu-list" id={`${id}list`} ref={p.filter ? undefined : holder} role={p.filter ? "listbox" : "menu"} aria-label={p.label} tabIndex={-1}
      aria-multiselectable={p.filter && p.multi ? true : undefined} aria-activedescendant={p.filter ? undefined : current}
    >{grouped(shown).map((g) => (g.name === undefined
        ? g.rows.map(([choice, i]) => row(choice, i))
        : (
          <li key={g.name} role="group" aria-labelledby={`${id}g${g.rows[0]![1]}`}>
            <span class="menu-group" id={`${id}g${g.rows[0]![1]}`}>{g.name}</span>
            <ul role="presentation">{g.rows.map(([choice, i]) => row(choice, i))}</ul>
          </li>
        )))}</ul>
  );
  return (
    <div class="menu" ref={node} onKeyDown={keys}>
      {p.filter ? (
        <input
          type="text" ref={holder} class="menu-field" role="combobox" aria-controls={`${id}list`} aria-expanded="true" aria-autocomplete="list"
          aria-activedescendant={current} aria-label={`Search: ${p.label}`} autocomplete="off" spellcheck={false}
          placeholder={p.search ? "Type to search" : "Filter"} value={typed}
          onInput={(event) => { setTyped(event.currentTarget.value); setActive(0); }}
        />
      ) : null}
      <p class="menu-status" role="status" hidden={sentence === ""}>{sentence}</p>
      {list}
    </div>
  );
}

// grouped gathers what stands under the same heading, with its place in the list.
function grouped(shown: Choice[]): { name?: string; rows: [Choice, number][] }[] {
  const groups: { name?: string; rows: [Choice, number][] }[] = [];
  shown.forEach((choice, i) => {
    const last = groups.at(-1);
    if (last && last.name === choice.group) last.rows.push([choice, i]);
    else groups.push({ name: choice.group, rows: [[choice, i]] });
  });
  return groups;
}

// stand places the list under its control, or above it where there is more room.
function stand(node: HTMLElement | null, anchor: HTMLElement | null, wide: boolean): void {
  if (!node || !anchor) return;
  const box = (anchor.closest(".select") ?? anchor).getBoundingClientRect();
  const width = Math.min(Math.max(box.width, wide ? 240 : 190), innerWidth - 16);
  const below = innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const up = below < 220 && above > below;
  Object.assign(node.style, {
    width: `${width}px`,
    left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`,
    maxHeight: `${Math.min(340, Math.max(120, up ? above : below))}px`,
    top: up ? "auto" : `${box.bottom + 4}px`,
    bottom: up ? `${innerHeight - box.top + 4}px` : "auto",
  });
}
