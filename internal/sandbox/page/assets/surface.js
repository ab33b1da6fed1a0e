// What a person has done that the workspace has not confirmed yet, and the
// surfaces (see blocks.js) that messages and views are drawn on.
import { toast } from "./dom.js";

// post sends an action and gives {ok, error, …}; it never throws.
export async function post(path, body) {
  try {
    const response = await fetch(`/practice/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "The practice workspace does not answer. Is it still running?" };
  }
}

const pending = new Map(); // by key: a choice on its way
const drafts = new Map(); // by view: by key: what is filled in and not submitted
const sending = new Map(); // by key: the last of the actions on their way
const undone = new Map(); // by surface: how often a confirmation was refused
const states = new Map(); // by surface: what the workspace said last

const empty = { text: "", date: "", options: [] };

// valueOf reads an element's entry of state.values.
function valueOf(state, ctx) {
  if (!state) return empty;
  const many = (list, name) => (list ?? []).filter(Boolean).map((id) => ({ value: id, text: name(id) || id }));
  const options = [...(state.selected_options ?? []), state.selected_option].filter(Boolean)
    .map((o) => ({ text: o.text.text, value: o.value }));
  const people = many([...(state.selected_users ?? []), state.selected_user], ctx.person);
  const channels = many([
    ...(state.selected_channels ?? state.selected_conversations ?? []), state.selected_channel ?? state.selected_conversation,
  ], (id) => "#" + ctx.channel(id));
  return { text: state.value ?? "", date: state.selected_date ?? "", options: [...options, ...people, ...channels] };
}

const stateful = (slot) => !["button", "overflow"].includes(slot.def.type);
// What is typed is in its field already; to draw the field anew would throw the
// person who types in it back to its beginning.
const typed = (type) => ["plain_text_input", "datepicker"].includes(type);
const asInput = (value) => ({ text: value.text, date: value.date, values: value.options.map((o) => o.value) });

// surfaceFor makes a surface. Its description: key, place ({channel, ts} or
// {view}), as, state, errors, ctx, and changed(), which draws again.
export function surfaceFor(described) {
  const { key, place, as, state, ctx, changed } = described;
  // A menu that is open outlives the drawing it was opened from.
  states.set(key, state);
  const draft = place.view ? drafts.get(place.view) ?? new Map() : null;
  const where = (slot) => ({
    as, channel: place.channel ?? "", ts: place.ts ?? "", view: place.view ?? "", block: slot.block.block_id, action: slot.def.action_id,
  });

  const send = (slot, input) => {
    const before = sending.get(slot.key) ?? Promise.resolve();
    const mine = before.then(() => post("act", { ...where(slot), input })).then(async (outcome) => {
      if (!outcome.ok) toast(outcome.error);
      if (sending.get(slot.key) !== mine) return;
      sending.delete(slot.key);
      await changed(true);
      if (!sending.has(slot.key)) pending.delete(slot.key);
      changed();
    });
    sending.set(slot.key, mine);
  };

  return {
    ...described,
    value: (slot) => pending.get(slot.key) ?? draft?.get(slot.key)?.value ?? valueOf(states.get(key)?.[slot.block.block_id]?.[slot.def.action_id], ctx),
    busy: (slot) => sending.has(slot.key),
    search: (slot, query) => post("search", { ...where(slot), query }),
    undo: () => {
      undone.set(key, (undone.get(key) ?? 0) + 1);
      changed();
    },
    use(slot, input, shown, entered = false) {
      const value = { text: input.text ?? "", date: input.date ?? "", options: shown ?? [] };
      if (stateful(slot) && draft) {
        draft.set(slot.key, { block: slot.block.block_id, action: slot.def.action_id, type: slot.def.type, value });
        drafts.set(place.view, draft);
      } else if (stateful(slot)) {
        pending.set(slot.key, value);
      }
      const typing = slot.def.type === "plain_text_input" && !entered;
      if (slot.dispatch && !typing) send(slot, stateful(slot) ? asInput(value) : { values: input.values ?? [] });
      if (!typed(slot.def.type)) changed();
    },
  };
}

// localOf is what a surface shows beside what the workspace says, for telling
// whether it has to be drawn again.
export function localOf(key, viewID) {
  const own = (map, show) => [...map].filter(([k]) => k.startsWith(key + "|")).map(([k, v]) => [k, show(v)]);
  const chosen = [...(drafts.get(viewID) ?? new Map())].filter(([, d]) => !typed(d.type)).map(([k, d]) => [k, d.value]);
  return [own(pending, (v) => v), own(sending, () => 1), undone.get(key) ?? 0, chosen];
}

// inputsOf gives what is filled in and not submitted, as a submission wants it.
export function inputsOf(viewID) {
  const inputs = {};
  for (const { block, action, value } of drafts.get(viewID)?.values() ?? []) (inputs[block] ??= {})[action] = asInput(value);
  return inputs;
}

// prune forgets drafts of views that are closed, and of elements that are gone
// from a view or are of another type now, as Slack does.
export function prune(views) {
  const open = new Map(views.map((v) => [v.id, v]));
  for (const [id, draft] of drafts) {
    const view = open.get(id);
    if (!view) {
      drafts.delete(id);
      continue;
    }
    const types = new Map();
    for (const block of view.blocks) {
      for (const def of [block.element, block.accessory, ...(block.type === "actions" ? block.elements : [])]) {
        if (def) types.set(`${block.block_id} ${def.action_id}`, def.type);
      }
    }
    for (const [key, d] of draft) {
      if (types.get(`${d.block} ${d.action}`) !== d.type) draft.delete(key);
    }
  }
}
