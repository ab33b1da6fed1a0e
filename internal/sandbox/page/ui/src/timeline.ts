// The part of the channel that the page holds: a window on its messages, moved
// by scrolling. What is outside of it costs nothing.
import { batch, signal } from "@preact/signals";
import { get } from "./api";
import type { Message, Stretch } from "./types";
import { channel, person } from "./world";

// held is how many messages the window holds at most.
const held = 100;

export const messages = signal<Message[]>([]);
export const earlier = signal(0);
export const later = signal(0);
export const moving = signal(false);
// missed counts new messages while the window does not reach the newest.
export const missed = signal(0);

// thread is the thread beside the channel: its first message, and all of it.
export const thread = signal<{ ts: string; messages: Message[] } | null>(null);

// arrived is the newest message that came while the page was open.
export const arrived = signal<Message | null>(null);

const inChannel = (m: Message): boolean => !m.thread_ts || m.broadcast;

// compare orders timestamps of the form seconds.micros.
export const compare = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

// put replaces messages by their timestamps and adds new ones in their places.
function put(list: Message[], changed: Message[]): Message[] {
  const at = new Map(list.map((m, i) => [m.ts, i]));
  const next = [...list];
  let added = false;
  for (const m of changed) {
    const i = at.get(m.ts);
    if (i === undefined) {
      next.push(m);
      added = true;
    } else next[i] = m;
  }
  return added ? next.sort((a, b) => compare(a.ts, b.ts)) : next;
}

const current = (): string => `${person.value} ${channel.value}`;

// following says that somebody reads the newest messages.
export const following = signal(true);

// newest is the last timestamp that the page has heard of.
let newest = "";

function hear(list: Message[]): Message[] {
  const fresh = list.filter((m) => compare(m.ts, newest) > 0);
  for (const m of fresh) if (compare(m.ts, newest) > 0) newest = m.ts;
  return fresh;
}

// begin shows the newest messages. Who reads older ones stays there, and sees
// them as they are now.
export async function begin(last: Message[], before: number, samePlace: boolean): Promise<void> {
  const first = messages.value[0];
  if (!samePlace) {
    thread.value = null;
    newest = "";
    arrived.value = null;
    following.value = true;
  }
  hear(last);
  if (thread.value) void openThread(thread.value.ts);
  if (following.value || !first) {
    batch(() => {
      messages.value = last;
      earlier.value = before;
      later.value = 0;
      missed.value = 0;
    });
    return;
  }
  const place = current();
  let list: Message[] = [];
  let now: Stretch | null = null;
  for (let after = justBefore(first.ts); list.length < held; after = list.at(-1)?.ts ?? after) {
    now = await get<Stretch>("messages", { as: person.value, channel: channel.value, after });
    if (!now || place !== current()) return;
    list = put(list, now.messages);
    if (now.later === 0 || now.messages.length === 0) break;
  }
  batch(() => {
    messages.value = list;
    earlier.value = Math.max(0, before + last.length - list.length - (now?.later ?? 0));
    later.value = now?.later ?? 0;
  });
}

// justBefore is a timestamp that comes right before another.
function justBefore(ts: string): string {
  const [seconds = "0", micros = "0"] = ts.split(".");
  const all = BigInt(seconds) * 1_000_000n + BigInt(micros) - 1n;
  return `${all / 1_000_000n}.${String(all % 1_000_000n).padStart(6, "0")}`;
}

// apply takes in what changed.
export function apply(changed: Message[], gone: string[]): void {
  batch(() => {
    const away = new Set(gone);
    const first = messages.value[0];
    const last = messages.value.at(-1);
    const known = new Set(messages.value.map((m) => m.ts));
    const fits = (m: Message): boolean => known.has(m.ts) ||
      (inChannel(m) && (later.value === 0 || compare(m.ts, last?.ts ?? "") < 0) && (earlier.value === 0 || compare(m.ts, first?.ts ?? "") > 0));
    const mine = changed.filter(fits);
    const fresh = hear(changed.filter(inChannel));
    if (mine.length || away.size) messages.value = put(messages.value.filter((m) => !away.has(m.ts)), mine);
    if (later.value > 0) {
      later.value += fresh.length;
      missed.value += fresh.length;
    }
    const latest = fresh.at(-1);
    if (latest) arrived.value = latest;
    const open = thread.value;
    if (!open) return;
    const replies = changed.filter((m) => m.ts === open.ts || m.thread_ts === open.ts);
    if (away.has(open.ts)) thread.value = null;
    else if (replies.length || away.size) thread.value = { ts: open.ts, messages: put(open.messages.filter((m) => !away.has(m.ts)), replies) };
  });
}

// trim lets go of what is farthest from where somebody reads: "end" when they
// go up, "start" when they go down or follow what comes.
export function trim(side: "start" | "end", most = held): void {
  const extra = messages.value.length - most;
  if (extra <= 0) return;
  batch(() => {
    if (side === "start") {
      messages.value = messages.value.slice(extra);
      earlier.value += extra;
    } else {
      messages.value = messages.value.slice(0, -extra);
      later.value += extra;
    }
  });
}

async function move(query: Record<string, string>, take: (s: Stretch) => void): Promise<void> {
  if (moving.value) return;
  moving.value = true;
  const place = current();
  const stretch = await get<Stretch>("messages", { as: person.value, channel: channel.value, ...query });
  batch(() => {
    moving.value = false;
    if (stretch && place === current()) take(stretch);
  });
}

export function goUp(): Promise<void> {
  const first = messages.value[0];
  if (!first || earlier.value === 0) return Promise.resolve();
  return move({ before: first.ts }, (s) => {
    messages.value = put(messages.value, s.messages);
    earlier.value = s.earlier;
    trim("end");
  });
}

export function goDown(): Promise<void> {
  const last = messages.value.at(-1);
  if (!last || later.value === 0) return Promise.resolve();
  return move({ after: last.ts }, (s) => {
    messages.value = put(messages.value, s.messages);
    later.value = s.later;
    if (s.later === 0) missed.value = 0;
    trim("start");
  });
}

// toNewest moves the window to the end.
export function toNewest(): Promise<void> {
  if (later.value === 0) return Promise.resolve();
  return move({}, (s) => {
    following.value = true;
    messages.value = s.messages;
    earlier.value = s.earlier;
    later.value = 0;
    missed.value = 0;
  });
}

export async function openThread(ts: string): Promise<void> {
  const place = current();
  const stretch = await get<Stretch>("thread", { as: person.value, channel: channel.value, ts });
  if (!stretch || place !== current()) return;
  thread.value = stretch.messages.length ? { ts, messages: stretch.messages } : null;
}
