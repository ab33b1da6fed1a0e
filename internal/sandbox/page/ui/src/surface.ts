// A surface is where blocks stand: a message, a modal or the Home tab. This
// keeps what a person has done in one that the workspace has not confirmed yet.
import { signal, type Signal } from "@preact/signals";
import { post } from "./api";
import type { Answer, Block, Element, ElementState, State } from "./types";
import { channelOf, homeView, people, person, personOf, toast, views } from "./world";

export interface Choice { text: string; value: string; description?: string; group?: string; url?: string }
// Value is what is in an element. A moment is in seconds since 1970, 0 for none.
export interface Value { text: string; date: string; time: string; moment: number; choices: Choice[] }
export interface Place { channel?: string; ts?: string; view?: string }

export interface Surface {
  key: string;
  place: Place;
  state?: State;
  errors?: Record<string, string> | null;
  // collects says that what is filled in is kept until it is submitted.
  collects: boolean;
}

// Slot is one element where it stands.
export interface Slot {
  def: Element;
  block: Block;
  surface: Surface;
  key: string;
  input: boolean;
  dispatch: boolean;
  label: string;
  described?: string;
  invalid?: boolean;
}

export function slotOf(def: Element, block: Block, surface: Surface): Slot {
  const input = block.type === "input";
  return {
    def, block, surface, input, key: `${surface.key}|${block.block_id}|${def.action_id}`,
    dispatch: !input || block.dispatch_action === true, label: def.placeholder?.text ?? "Choose",
  };
}

// idOf makes an id for the page out of any text.
export const idOf = (key: string): string => `e${[...key].map((c) => (/[a-z0-9]/i.test(c) ? c : `_${c.codePointAt(0)}_`)).join("")}`;

// Cell is what a person has done in one element.
interface Cell {
  // value is what they see instead of what the workspace says.
  value: Value | null;
  // unsent says that the workspace has not been told the value.
  unsent: boolean;
  sending: number;
  // answered says that the value is known to the workspace, and goes with the
  // next news of the surface.
  answered: boolean;
}

const untouched: Cell = { value: null, unsent: false, sending: 0, answered: false };
const cells = new Map<string, { surface: string; block: string; action: string; type: string; own: Signal<Cell> }>();
const queues = new Map<string, Promise<unknown>>();

function cellOf(slot: Slot): Signal<Cell> {
  let cell = cells.get(slot.key);
  if (!cell) {
    cell = {
      surface: slot.surface.key, block: slot.block.block_id, action: slot.def.action_id, type: slot.def.type, own: signal(untouched),
    };
    cells.set(slot.key, cell);
  }
  return cell.own;
}

const empty: Value = { text: "", date: "", time: "", moment: 0, choices: [] };

// readState reads an element's entry of state.values.
function readState(state: ElementState | undefined): Value {
  if (!state) return empty;
  const options = [...(state.selected_options ?? []), state.selected_option].filter((o) => o != null);
  const ids = (list: (string | null | undefined)[], name: (id: string) => string | undefined): Choice[] =>
    list.filter((id) => id != null).map((id) => ({ value: id, text: name(id) ?? id }));
  const channelName = (id: string): string | undefined => {
    const c = channelOf(id);
    return c && `#${c.name}`;
  };
  return {
    text: state.value ?? "", date: state.selected_date ?? "", time: state.selected_time ?? "", moment: state.selected_date_time ?? 0,
    choices: [
      ...options.map((o) => ({ text: o.text.text, value: o.value })),
      ...ids([...(state.selected_users ?? []), state.selected_user], (id) => personOf(id)?.name),
      ...ids([...(state.selected_channels ?? []), state.selected_channel], channelName),
      ...ids([...(state.selected_conversations ?? []), state.selected_conversation], channelName),
    ],
  };
}

export const valueOf = (slot: Slot): Value =>
  cellOf(slot).value.value ?? readState(slot.surface.state?.[slot.block.block_id]?.[slot.def.action_id]);

export const busy = (slot: Slot): boolean => cellOf(slot).value.sending > 0;

const asInput = (v: Value): unknown => ({
  text: v.text, date: v.date, time: v.time, moment: v.moment, values: v.choices.map((c) => c.value),
});

const where = (slot: Slot): Record<string, string> => ({
  as: person.value, channel: slot.surface.place.channel ?? "", ts: slot.surface.place.ts ?? "", view: slot.surface.place.view ?? "",
  block: slot.block.block_id, action: slot.def.action_id,
});

// act sends what a person did in an element, one thing after another on each
// surface, after everything that was typed there and not sent.
function act(slot: Slot, input: unknown): void {
  const cell = cellOf(slot);
  cell.value = { ...cell.value, sending: cell.value.sending + 1, unsent: false, answered: false };
  const body = { ...where(slot), input };
  const unsent = unsentOf(slot.surface);
  const turn = (queues.get(slot.surface.key) ?? Promise.resolve()).then(async () => {
    for (const other of unsent) await post("act", other);
    const outcome = await post("act", body);
    if (!outcome.ok) toast(outcome.error ?? "That did not work.");
    cell.value = { ...cell.value, sending: cell.value.sending - 1, answered: true };
    if (cell.value.sending > 0 || slot.surface.collects && slot.input) return;
    // The news may have come before the answer, or may never come.
    setTimeout(() => { if (cell.value.answered) cell.value = { ...untouched }; }, 400);
  });
  queues.set(slot.surface.key, turn);
}

// unsentOf gives what was typed on a surface and not sent, as actions.
function unsentOf(surface: Surface): unknown[] {
  const found: unknown[] = [];
  for (const { surface: key, block, action, own } of cells.values()) {
    if (key !== surface.key || !own.value.unsent || !own.value.value) continue;
    found.push({ as: person.value, channel: "", ts: "", view: surface.place.view ?? "", block, action, input: asInput(own.value.value) });
    own.value = { ...own.value, unsent: false };
  }
  return found;
}

// press uses an element that keeps nothing: a button or an overflow menu.
export const press = (slot: Slot, values: string[] = []): void => act(slot, { values });

// put changes what is in an element, and sends it where it is not kept for a
// submission. Text is sent when entered says so.
export function put(slot: Slot, change: Partial<Value>, entered = true): void {
  const cell = cellOf(slot);
  const value = { ...valueOf(slot), ...change };
  cell.value = { ...cell.value, value, unsent: true, answered: false };
  const keeps = slot.surface.collects && slot.input;
  if (slot.dispatch ? entered : !keeps && entered) act(slot, asInput(value));
}

export interface Found extends Answer { options: Choice[] }
export const search = (slot: Slot, query: string): Promise<Found> => post<Found>("search", { ...where(slot), query });

// inputsOf gives what is filled in in a view, as a submission wants it.
export function inputsOf(surface: Surface): Record<string, Record<string, unknown>> {
  const inputs: Record<string, Record<string, unknown>> = {};
  for (const { surface: key, block, action, own } of cells.values()) {
    if (key === surface.key && own.value.value) (inputs[block] ??= {})[action] = asInput(own.value.value);
  }
  return inputs;
}

const elementsOf = (block: Block): Element[] =>
  [block.element, block.accessory, ...(block.type === "actions" ? block.elements as Element[] : [])].filter((e) => e !== undefined);

// settle forgets what the workspace knows by now, and what is gone with its
// view or its element, as Slack does. Given are the messages that changed.
export function settle(changed: string[] = []): void {
  const open = new Map([...views.value, ...(homeView.value ? [homeView.value] : [])].map((v) => [
    `v:${v.id}`, new Map(v.blocks.flatMap((b) => elementsOf(b).map((e) => [JSON.stringify([b.block_id, e.action_id]), e.type]))),
  ]));
  for (const [key, { surface, block, action, type, own }] of cells) {
    if (surface.startsWith("v:")) {
      if (open.get(surface)?.get(JSON.stringify([block, action])) !== type) cells.delete(key);
    } else if (own.value.answered && changed.some((ts) => surface.endsWith(`:${ts}`))) own.value = { ...untouched };
    else if (own.value.value === null && own.value.sending === 0 && cells.size > 5000) cells.delete(key);
  }
}

// everybody lists whom a menu of people offers.
export const everybody = (): Choice[] => people.value.filter((p) => p.role !== "deactivated").map((p) => ({ text: p.name, value: p.id }));
