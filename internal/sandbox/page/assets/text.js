// Slack's texts: plain_text and mrkdwn, turned into DOM nodes.
//
// ctx holds what a text may name: person(id), group(id) and channel(id) give
// names, zone is the reader's time zone.
import { el } from "./dom.js";

const emoji = {
  warning: "⚠️", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", bell: "🔔", lock: "🔒", unlock: "🔓", key: "🔑", eyes: "👀",
  information_source: "ℹ️", question: "❓", exclamation: "❗", link: "🔗", memo: "📝", calendar: "📅", mag: "🔍",
  tada: "🎉", wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", rotating_light: "🚨",
  arrows_counterclockwise: "🔄", clock3: "🕒", bust_in_silhouette: "👤", busts_in_silhouette: "👥", office: "🏢",
  email: "✉️", envelope: "✉️", speech_balloon: "💬", page_facing_up: "📄", closed_lock_with_key: "🔐", smile: "😄",
  slightly_smiling_face: "🙂", robot_face: "🤖", zap: "⚡", boom: "💥", fire: "🔥", star: "⭐", heart: "❤️",
};

const entities = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const decode = (s) => s.replace(/&(?:lt|gt|amp);/g, (found) => entities[found]);
const safe = (url) => /^(https?:\/\/|mailto:)/i.test(url);
const named = (whole, name) => (Object.hasOwn(emoji, name) ? emoji[name] : whole);

export const emojiOf = (name) => named(`:${name}:`, name);

// anchor links only where a browser may go; anything else stays text.
export function anchor(url, label) {
  if (!safe(url)) return document.createTextNode(label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

// textOf draws a text object.
export function textOf(object, ctx) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, ctx, { verbatim: object.verbatim === true });
  return [plainOf(object)];
}

// plainOf gives a plain_text object as a string.
export function plainOf(object) {
  if (!object) return "";
  return object.emoji === true ? object.text.replace(/:([a-z0-9_+-]+):/g, named) : object.text;
}

export function mrkdwn(source, ctx, { verbatim = false } = {}) {
  const pieces = source.split("```");
  if (pieces.length % 2 === 0) {
    const unclosed = pieces.pop();
    pieces[pieces.length - 1] += "```" + unclosed;
  }
  const last = pieces.length - 1;
  return pieces.flatMap((piece, i) => {
    if (i % 2 === 1) return [el("pre", {}, bare(piece.replace(/^\n/, ""), ctx))];
    return lines(piece.replace(i > 0 ? /^\n/ : "", "").replace(i < last ? /\n$/ : "", ""), ctx, verbatim);
  });
}

function lines(piece, ctx, verbatim) {
  if (piece === "") return [];
  const out = [];
  let quote = null;
  piece.split("\n").forEach((line, i) => {
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      if (quote) quote.append(el("br"));
      else out.push((quote = el("blockquote")));
      quote.append(...inline(quoted[1], ctx, verbatim));
      return;
    }
    if (i > 0 && !quote) out.push(el("br"));
    quote = null;
    out.push(...inline(line, ctx, verbatim));
  });
  return out;
}

const tags = { "*": "strong", _: "em", "~": "s" };
const wordish = /[\p{L}\p{N}]/u;

// closing finds the mark that ends what the mark at start begins, or -1. Marks
// in <…> and in code do not count.
function closing(s, start) {
  const mark = s[start];
  if (start > 0 && (wordish.test(s[start - 1]) || s[start - 1] === mark)) return -1;
  if (start + 1 >= s.length || /\s/.test(s[start + 1]) || s[start + 1] === mark) return -1;
  for (let i = start + 1; i < s.length; i++) {
    const skip = { "<": ">", "`": "`" }[s[i]];
    if (skip && s.indexOf(skip, i + 1) > i) {
      i = s.indexOf(skip, i + 1);
      continue;
    }
    const ends = s[i] === mark && !/\s/.test(s[i - 1]) && (i + 1 === s.length || !(wordish.test(s[i + 1]) || s[i + 1] === mark));
    if (ends) return i;
  }
  return -1;
}

function inline(s, ctx, verbatim) {
  const out = [];
  let text = "";
  const flush = () => {
    out.push(...leaf(text, verbatim));
    text = "";
  };
  for (let i = 0; i < s.length; i++) {
    const c = s[i];
    if (c === "<") {
      const end = s.indexOf(">", i);
      const node = end > i ? token(s.slice(i + 1, end), ctx) : null;
      if (node) {
        flush();
        out.push(node);
        i = end;
        continue;
      }
    }
    const end = c === "`" ? s.indexOf("`", i + 1) : Object.hasOwn(tags, c) ? closing(s, i) : -1;
    if (end > i + 1) {
      flush();
      const inner = s.slice(i + 1, end);
      out.push(c === "`" ? el("code", {}, bare(inner, ctx)) : el(tags[c], {}, inline(inner, ctx, verbatim)));
      i = end;
      continue;
    }
    text += c;
  }
  flush();
  return out;
}

// bare is text in code: tokens show, nothing else is formatted.
function bare(s, ctx) {
  return decode(s.replace(/<([^<>]+)>/g, (whole, inside) => token(inside, ctx)?.textContent.replace(/&/g, "&amp;") ?? whole));
}

function leaf(s, verbatim) {
  if (s === "") return [];
  const parts = verbatim ? [s] : s.split(/(https?:\/\/[^\s<>|]+)/);
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return part === "" ? [] : [decode(part.replace(/:([a-z0-9_+-]+):/g, named))];
    const tail = part.match(/(?:&[gl]t;|[.,;:!?)])*$/)[0];
    const url = decode(part.slice(0, part.length - tail.length));
    return [anchor(url, url), ...(tail ? [decode(tail)] : [])];
  });
}

// token draws what stands between < and >, or gives null if it is nothing known.
function token(inside, ctx) {
  const bar = inside.indexOf("|");
  const head = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : decode(inside.slice(bar + 1));
  if (/^@[UW]/.test(head)) return mention("@" + (ctx.person(head.slice(1)) || label || head.slice(1)));
  if (/^#[CG]/.test(head)) return mention("#" + (ctx.channel(head.slice(1)) || label || head.slice(1)));
  if (head.startsWith("!subteam^")) return mention(label || "@" + head.slice(9));
  if (/^!(here|channel|everyone)$/.test(head)) return mention("@" + head.slice(1), "mention loud");
  if (head.startsWith("!date^")) {
    const [, stamp, format, link] = decode(head).split("^");
    return dateToken(Number(stamp), format ?? "", link, label, ctx);
  }
  if (safe(decode(head))) return anchor(decode(head), label || decode(head).replace(/^mailto:/i, ""));
  return null;
}

export const mention = (text, kind = "mention") => el("span", { class: kind }, text);

// dateToken draws a moment in the reader's zone.
export function dateToken(stamp, format, link, fallback, ctx) {
  if (!Number.isFinite(stamp) || !format) return document.createTextNode(fallback);
  const at = new Date(stamp * 1000);
  if (Number.isNaN(at.getTime())) return document.createTextNode(fallback);
  const words = format.replace(/\{(\w+)\}/g, (whole, name) => dateForm(name, at, ctx) ?? whole);
  const text = format.startsWith("{") ? words.charAt(0).toUpperCase() + words.slice(1) : words;
  const node = el("time", { datetime: at.toISOString(), title: `${fallback} (${at.toISOString()})` }, text);
  return link && safe(link) ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}

const formatIn = (zone, options) => (at) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(at);

function ordinal(day) {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"}`;
}

function dateForm(name, at, ctx) {
  const zone = ctx.zone;
  const part = (options) => formatIn(zone, options)(at);
  const day = (offset) => formatIn(zone, { year: "numeric", month: "2-digit", day: "2-digit" })(new Date(Date.now() + offset * 86400000));
  const pretty = (long) => {
    const own = part({ year: "numeric", month: "2-digit", day: "2-digit" });
    return { [day(0)]: "today", [day(-1)]: "yesterday", [day(1)]: "tomorrow" }[own] ?? long;
  };
  const full = () => `${part({ month: "long" })} ${ordinal(Number(part({ day: "numeric" })))}, ${part({ year: "numeric" })}`;
  const short = () => part({ month: "short", day: "numeric", year: "numeric" });
  switch (name) {
    case "date_num": return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
    case "date": return full();
    case "date_short": return short();
    case "date_long": return `${part({ weekday: "long" })}, ${full()}`;
    case "date_pretty": return pretty(full());
    case "date_short_pretty": return pretty(short());
    case "date_long_pretty": return pretty(`${part({ weekday: "long" })}, ${full()}`);
    case "time": return part({ hour: "numeric", minute: "2-digit" });
    case "time_secs": return part({ hour: "numeric", minute: "2-digit", second: "2-digit" });
    case "ago": return ago(at);
  }
  return null;
}

function ago(at) {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.round(seconds), "second");
}

// timeIn gives the time of day of a Slack timestamp in a zone.
export function timeIn(zone, ts, seconds = false) {
  const at = new Date(Number(ts) * 1000);
  return formatIn(zone, { hour: "numeric", minute: "2-digit", ...(seconds && { second: "2-digit", hour12: false }) })(at);
}

export function dayIn(zone, ts) {
  return formatIn(zone, { weekday: "long", month: "long", day: "numeric" })(new Date(Number(ts) * 1000));
}
