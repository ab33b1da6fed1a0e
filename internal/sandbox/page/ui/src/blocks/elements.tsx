// Interactive elements but menus.
import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { busy, idOf, press, put, type Slot, type Value, valueOf } from "../surface";
import { plain, Text } from "../text/mrkdwn";
import type { OptionObject } from "../types";
import { fromLocal, toLocal } from "./datetime";
import { Overflow, Select } from "./select";
import { openLink, use } from "./use";

export function Control({ slot }: { slot: Slot }): VNode {
  switch (slot.def.type) {
    case "button": return <Button slot={slot} />;
    case "overflow": return <Overflow slot={slot} />;
    case "checkboxes": return <Choices slot={slot} type="checkbox" />;
    case "radio_buttons": return <Choices slot={slot} type="radio" />;
    case "datepicker": return <Picker slot={slot} type="date" />;
    case "timepicker": return <Picker slot={slot} type="time" />;
    case "datetimepicker": return <Picker slot={slot} type="datetime-local" />;
    case "plain_text_input": case "number_input": case "email_text_input": case "url_text_input":
      return <TextInput slot={slot} />;
  }
  if (slot.def.type.endsWith("_select")) return <Select slot={slot} />;
  return <span class="quiet">(an element of the type {slot.def.type}, which this page does not draw)</span>;
}

function Button({ slot }: { slot: Slot }): VNode {
  const { def } = slot;
  const waits = busy(slot);
  return (
    <button
      type="button" class={`button ${def.style ?? ""}`} aria-label={def.accessibility_label} aria-busy={waits || undefined}
      onClick={() => {
        if (busy(slot)) return;
        void use(slot, () => {
          openLink(def.url);
          press(slot);
        });
      }}
    >{plain(def.text!)}</button>
  );
}

function Choices({ slot, type }: { slot: Slot; type: "checkbox" | "radio" }): VNode {
  const now = valueOf(slot).choices;
  const name = useId(); // not the slot's: a message may stand in the channel and in its thread
  const pick = async (o: OptionObject, box: HTMLInputElement): Promise<void> => {
    const others = type === "radio" ? [] : valueOf(slot).choices.filter((c) => c.value !== o.value);
    const choices = box.checked ? [...others, { text: o.text.text, value: o.value }] : others;
    if (!await use(slot, () => put(slot, { choices }))) box.checked = !box.checked;
  };
  return (
    <div class="choices" role={slot.input ? undefined : type === "radio" ? "radiogroup" : "group"} aria-label={slot.input ? undefined : sectionText(slot)}>
      {slot.def.options?.map((o) => (
        <label key={o.value}>
          <input
            type={type} name={name} checked={now.some((c) => c.value === o.value)} aria-invalid={slot.invalid || undefined}
            onChange={(event) => void pick(o, event.currentTarget)}
          />
          <span class="text"><Text of={o.text} />{o.description ? <span class="hint"><Text of={o.description} /></span> : null}</span>
        </label>
      ))}
    </div>
  );
}

const sectionText = (slot: Slot): string => (slot.block.text && typeof slot.block.text !== "string" ? slot.block.text.text : slot.label);

function Picker({ slot, type }: { slot: Slot; type: "date" | "time" | "datetime-local" }): VNode {
  const now = valueOf(slot);
  const shown = type === "date" ? now.date : type === "time" ? now.time : toLocal(now.moment);
  const change = (text: string): Partial<Value> =>
    (type === "date" ? { date: text } : type === "time" ? { time: text } : { moment: fromLocal(text) });
  return (
    <input
      type={type} class="field" id={slot.input ? idOf(slot.key) : undefined} value={shown} aria-label={slot.input ? undefined : slot.label}
      aria-describedby={slot.described} aria-invalid={slot.invalid || undefined} aria-busy={busy(slot) || undefined}
      onChange={(event) => {
        const box = event.currentTarget;
        if (slot.input || !slot.def.confirm) put(slot, change(box.value));
        else void use(slot, () => put(slot, change(box.value))).then((done) => { if (!done) box.value = shown; });
      }}
    />
  );
}

function TextInput({ slot }: { slot: Slot }): VNode {
  const { def } = slot;
  const box = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);
  const text = valueOf(slot).text;
  const on = def.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  useEffect(() => () => clearTimeout(later.current), []);
  useEffect(() => { if (def.focus_on_load) box.current?.focus(); }, []);
  const onInput = (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }): void => {
    const typed = event.currentTarget.value;
    put(slot, { text: typed }, false);
    clearTimeout(later.current);
    if (slot.dispatch && on.includes("on_character_entered")) later.current = setTimeout(() => put(slot, { text: typed }), 400);
  };
  const shared = {
    ref: box, class: "field", id: idOf(slot.key), autocomplete: "off", value: text,
    placeholder: def.placeholder ? plain(def.placeholder) : undefined,
    "aria-describedby": slot.described, "aria-invalid": slot.invalid || undefined,
    onInput,
    onBlur: () => { if (!slot.surface.collects && !slot.dispatch) put(slot, { text: valueOf(slot).text }); },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || !slot.dispatch || !on.includes("on_enter_pressed")) return;
      event.preventDefault();
      put(slot, { text: valueOf(slot).text });
    },
  };
  const length = [...text].length;
  return (
    <>
      {def.multiline ? <textarea rows={4} {...shared} />
        : def.type === "email_text_input" ? <input type="email" {...shared} />
          : def.type === "url_text_input" ? <input type="url" {...shared} />
            : <input type="text" inputMode={def.type === "number_input" ? "decimal" : undefined} {...shared} />}
      {def.max_length && length > def.max_length * 0.8
        ? <p class={length > def.max_length ? "counter over" : "counter"} aria-live="polite">{def.max_length - length}</p> : null}
    </>
  );
}
