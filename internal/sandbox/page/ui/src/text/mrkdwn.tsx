// mrkdwn, Slack's own dialect, as nodes: text from outside is never markup.
import type { ComponentChildren, VNode } from "preact";
import type { TextObject } from "../types";
import { withEmoji } from "./emoji";
import { Anchor, Broadcast, ChannelMention, GroupMention, isSafe, Moment, PersonMention } from "./parts";

const decode = (s: string): string => s.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

// Text draws a text object.
export function Text({ of }: { of: TextObject }): VNode {
  if (of.type === "plain_text") return <>{of.emoji === false ? of.text : withEmoji(of.text)}</>;
  return <Mrkdwn source={of.text} verbatim={of.verbatim} />;
}

export const plain = (of: TextObject): string => (of.emoji === false ? of.text : withEmoji(of.text));
export const textClass = (of: TextObject): string => (of.type === "mrkdwn" ? "text" : "text plain-text");

export function Mrkdwn({ source, verbatim = false }: { source: string; verbatim?: boolean }): VNode {
  const pieces = source.split("```");
  if (pieces.length % 2 === 0) {
    const unclosed = pieces.pop();
    pieces[pieces.length - 1] += "```" + unclosed;
  }
  const last = pieces.length - 1;
  return <>{pieces.map((piece, i) => (i % 2 === 1
    ? <pre key={i}>{bare(piece.replace(/^\n/, ""))}</pre>
    : lines(piece.replace(i > 0 ? /^\n/ : "", "").replace(i < last ? /\n$/ : "", ""), verbatim)))}</>;
}

function lines(piece: string, verbatim: boolean): ComponentChildren[] {
  if (piece === "") return [];
  const out: ComponentChildren[] = [];
  let quote: ComponentChildren[] | null = null;
  piece.split("\n").forEach((line, i) => {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      if (quote) quote.push(<br />);
      else {
        quote = [];
        out.push(<blockquote>{quote}</blockquote>);
      }
      quote.push(...inline(quoted[1] ?? "", verbatim));
      return;
    }
    if (i > 0 && !quote) out.push(<br />);
    quote = null;
    out.push(...inline(line, verbatim));
  });
  return out;
}

const styled: Record<string, (inner: ComponentChildren) => VNode> = {
  "*": (inner) => <strong>{inner}</strong>, _: (inner) => <em>{inner}</em>, "~": (inner) => <s>{inner}</s>,
};
const wordish = /[\p{L}\p{N}]/u;

// closing finds the mark that ends what the mark at start begins, or -1. Marks
// in <…> and in code do not count.
function closing(s: string, start: number): number {
  const mark = s[start];
  if (start > 0 && (wordish.test(s[start - 1] ?? "") || s[start - 1] === mark)) return -1;
  if (start + 1 >= s.length || /\s/.test(s[start + 1] ?? "") || s[start + 1] === mark) return -1;
  for (let i = start + 1; i < s.length; i++) {
    const skip = s[i] === "<" ? ">" : s[i] === "`" ? "`" : "";
    if (skip && s.indexOf(skip, i + 1) > i) {
      i = s.indexOf(skip, i + 1);
      continue;
    }
    if (s[i] === mark && !/\s/.test(s[i - 1] ?? "") && (i + 1 === s.length || !(wordish.test(s[i + 1] ?? "") || s[i + 1] === mark))) return i;
  }
  return -1;
}

function inline(s: string, verbatim: boolean): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  let text = "";
  const flush = (): void => {
    out.push(...leaf(text, verbatim));
    text = "";
  };
  for (let i = 0; i < s.length; i++) {
    const c = s.charAt(i);
    if (c === "<") {
      const end = s.indexOf(">", i);
      const node = end > i ? token(s.slice(i + 1, end)) : null;
      if (node) {
        flush();
        out.push(node);
        i = end;
        continue;
      }
    }
    const style = styled[c];
    const end = c === "`" ? s.indexOf("`", i + 1) : style ? closing(s, i) : -1;
    if (end > i + 1) {
      flush();
      const inner = s.slice(i + 1, end);
      out.push(style ? style(inline(inner, verbatim)) : <code>{bare(inner)}</code>);
      i = end;
      continue;
    }
    text += c;
  }
  flush();
  return out;
}

// bare is text in code: tokens show, nothing else is formatted.
function bare(s: string): ComponentChildren[] {
  return s.split(/(<[^<>]+>)/).map((part) => (part.startsWith("<") && token(part.slice(1, -1))) || decode(part));
}

function leaf(s: string, verbatim: boolean): ComponentChildren[] {
  if (s === "") return [];
  const parts = verbatim ? [s] : s.split(/(https?:\/\/[^\s<>|]+)/);
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return part === "" ? [] : [decode(withEmoji(part))];
    const tail = /(?:&[gl]t;|[.,;:!?)])*$/.exec(part)?.[0] ?? "";
    const url = decode(part.slice(0, part.length - tail.length));
    return [<Anchor url={url}>{url}</Anchor>, ...(tail ? [decode(tail)] : [])];
  });
}

// token draws what stands between < and >, or gives null if it is nothing known.
function token(inside: string): VNode | null {
  const bar = inside.indexOf("|");
  const head = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : decode(inside.slice(bar + 1));
  if (/^@[UW]/.test(head)) return <PersonMention id={head.slice(1)} label={label || undefined} />;
  if (/^#[CG]/.test(head)) return <ChannelMention id={head.slice(1)} label={label || undefined} />;
  if (head.startsWith("!subteam^")) return <GroupMention id={head.slice(9)} label={label} />;
  if (/^!(here|channel|everyone)$/.test(head)) return <Broadcast range={head.slice(1)} />;
  if (head.startsWith("!date^")) {
    const [, stamp, format, url] = decode(head).split("^");
    return <Moment stamp={Number(stamp)} format={format ?? ""} url={url} fallback={label} />;
  }
  const url = decode(head);
  return isSafe(url) ? <Anchor url={url}>{label || url.replace(/^mailto:/i, "")}</Anchor> : null;
}
