// Block Kit, drawn.
import type { VNode } from "preact";
import { idOf, slotOf, type Surface } from "../surface";
import { Markdown } from "../text/markdown";
import { plain, Text, textClass } from "../text/mrkdwn";
import { Picture } from "../text/parts";
import type { Block, Element, TextObject } from "../types";
import { Control } from "./elements";
import { RichText } from "./richtext";

export const Blocks = ({ of, on }: { of: Block[]; on: Surface }): VNode => (
  <>{of.map((block) => <One key={`${block.type} ${block.block_id}`} block={block} on={on} />)}</>
);

function One({ block, on }: { block: Block; on: Surface }): VNode {
  switch (block.type) {
    case "header": return <div class={`b-header level-${block.level ?? 1}`} role="heading" aria-level={(block.level ?? 1) + 2}>{plain(block.text as TextObject)}</div>;
    case "section": return <Section block={block} on={on} />;
    case "context": return (
      <div class="b-context">{(block.elements as (TextObject & Element)[]).map((item) => ((item.type as string) === "image"
        ? <Picture alt={item.alt_text ?? ""} />
        : <span class={textClass(item)}><Text of={item} /></span>))}</div>
    );
    case "divider": return <hr />;
    case "actions": return (
      <div class="b-actions">{(block.elements as Element[]).map((def) => <Control key={def.action_id} slot={slotOf(def, block, on)} />)}</div>
    );
    case "image": return (
      <figure class="b-image">
        {block.title ? <figcaption>{plain(block.title)}</figcaption> : null}
        <Picture alt={block.alt_text ?? ""} />
      </figure>
    );
    case "input": return <Input block={block} on={on} />;
    case "rich_text": return <RichText of={block} />;
    case "markdown": return <Markdown source={block.text as string} />;
  }
  return <p class="quiet">(a block of the type {block.type}, which this page does not draw)</p>;
}

function Section({ block, on }: { block: Block; on: Surface }): VNode {
  const { text, fields, accessory } = block;
  return (
    <div class="b-section">
      <div class="b-body">
        {text ? <div class={textClass(text as TextObject)}><Text of={text as TextObject} /></div> : null}
        {fields ? <div class="b-fields">{fields.map((field) => <div class={textClass(field)}><Text of={field} /></div>)}</div> : null}
      </div>
      {accessory ? (
        <div class="b-accessory">{accessory.type === "image"
          ? <Picture alt={accessory.alt_text ?? ""} />
          : <Control slot={slotOf(accessory, block, on)} />}</div>
      ) : null}
    </div>
  );
}

function Input({ block, on }: { block: Block; on: Surface }): VNode {
  const def = block.element as Element;
  const slot = slotOf(def, block, on);
  const error = on.errors?.[block.block_id];
  const several = def.type === "checkboxes" || def.type === "radio_buttons";
  const label = <>{plain(block.label as TextObject)}{block.optional ? <span class="quiet"> (optional)</span> : null}</>;
  slot.label = plain(block.label as TextObject);
  slot.invalid = error !== undefined;
  slot.described = [error ? `${slot.key}error` : "", block.hint ? `${slot.key}hint` : ""].filter(Boolean).map(idOf).join(" ") || undefined;
  const inside = (
    <>
      <Control slot={slot} />
      {error ? <p class="error" id={idOf(`${slot.key}error`)}>{error}</p> : null}
      {block.hint ? <p class="hint" id={idOf(`${slot.key}hint`)}>{plain(block.hint)}</p> : null}
    </>
  );
  const kind = error ? "b-input wrong" : "b-input";
  if (several) return <fieldset class={kind} aria-describedby={slot.described}><legend>{label}</legend>{inside}</fieldset>;
  return <div class={kind}><label for={idOf(slot.key)}>{label}</label>{inside}</div>;
}
