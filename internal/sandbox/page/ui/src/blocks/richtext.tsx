// The rich_text block.
import type { ComponentChildren, VNode } from "preact";
import { emoji } from "../text/emoji";
import { Anchor, Broadcast, ChannelMention, GroupMention, Moment, PersonMention } from "../text/parts";
import type { Block, RichLeaf, RichPart } from "../types";

export const RichText = ({ of }: { of: Block }): VNode => <div class="rich text">{(of.elements as RichPart[]).map(part)}</div>;

function part(p: RichPart): VNode | null {
  const inside = (p.elements as RichLeaf[]).map(leaf);
  switch (p.type) {
    case "rich_text_section": return <p class="plain-text">{inside}</p>;
    case "rich_text_preformatted": return <pre>{inside}</pre>;
    case "rich_text_quote": return <blockquote class="plain-text">{inside}</blockquote>;
    case "rich_text_list": {
      const items = (p.elements as RichPart[]).map((item) => <li class="plain-text">{(item.elements as RichLeaf[]).map(leaf)}</li>);
      const kind = `indent-${p.indent ?? 0}${p.border ? " border" : ""}`;
      return p.style === "ordered"
        ? <ol class={kind} start={(p.offset ?? 0) + 1}>{items}</ol>
        : <ul class={kind}>{items}</ul>;
    }
  }
  return null;
}

function leaf(l: RichLeaf): ComponentChildren {
  let node = bare(l);
  if (l.style?.bold) node = <strong>{node}</strong>;
  if (l.style?.italic) node = <em>{node}</em>;
  if (l.style?.strike) node = <s>{node}</s>;
  if (l.style?.underline) node = <u>{node}</u>;
  if (l.style?.code) node = <code>{node}</code>;
  if (l.style?.highlight) node = <mark>{node}</mark>;
  return node;
}

function bare(l: RichLeaf): ComponentChildren {
  switch (l.type) {
    case "text": return l.text;
    case "link": return <Anchor url={l.url ?? ""}>{l.text || l.url}</Anchor>;
    case "user": return <PersonMention id={l.user_id ?? ""} />;
    case "usergroup": return <GroupMention id={l.usergroup_id ?? ""} />;
    case "channel": return <ChannelMention id={l.channel_id ?? ""} />;
    case "broadcast": return <Broadcast range={l.range ?? ""} />;
    case "emoji": return emoji(l.name ?? "") ?? fromHex(l.unicode) ?? `:${l.name}:`;
    case "date": return <Moment stamp={Number(l.timestamp)} format={l.format ?? ""} url={l.url} fallback={l.fallback ?? ""} />;
    case "color": return <code>{l.value}</code>;
  }
  return null;
}

function fromHex(unicode: string | undefined): string | null {
  const points = (unicode ?? "").split("-").map((hex) => parseInt(hex, 16));
  return points.every((n) => n >= 0 && n <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}
