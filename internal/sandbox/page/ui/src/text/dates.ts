// Moments as people read them, in the zone of the acting person.
import { zone } from "../world";

const formats = new Map<string, Intl.DateTimeFormat>();

// format writes a moment; making a formatter is slow, so each is kept.
function format(at: Date, options: Intl.DateTimeFormatOptions, locale = "en-US"): string {
  const key = `${locale} ${zone.value} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale, { timeZone: zone.value, ...options })));
  return made.format(at);
}

export const moment = (ts: string): Date => new Date(Number(ts) * 1000);
export const timeOf = (at: Date): string => format(at, { hour: "numeric", minute: "2-digit" });
export const clockOf = (at: Date): string => format(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const dayOf = (at: Date): string => format(at, { weekday: "long", month: "long", day: "numeric" });
export const dateTimeOf = (at: Date): string => `${dayOf(at)}, ${timeOf(at)}`;
const numeric = (at: Date): string => format(at, {}, "en-CA");

function ordinal(day: number): string {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${({ 1: "st", 2: "nd", 3: "rd" } as Record<number, string>)[day % 10] ?? "th"}`;
}

function ago(at: Date): string {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]] as const) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.round(seconds), "second");
}

// placeholder gives what a word in braces of a date's format stands for.
function placeholder(name: string, at: Date): string | null {
  const near = (long: string): string => {
    const days = new Map([0, -1, 1].map((d) => [numeric(new Date(Date.now() + d * 86400000)), d]));
    return ({ "0": "today", "-1": "yesterday", "1": "tomorrow" } as Record<string, string>)[String(days.get(numeric(at)))] ?? long;
  };
  const full = (): string => `${format(at, { month: "long" })} ${ordinal(Number(format(at, { day: "numeric" })))}, ${format(at, { year: "numeric" })}`;
  const long = (): string => `${format(at, { weekday: "long" })}, ${full()}`;
  const short = (): string => format(at, { month: "short", day: "numeric", year: "numeric" });
  switch (name) {
    case "date_num": return numeric(at);
    case "date_slash": return format(at, { month: "2-digit", day: "2-digit", year: "numeric" });
    case "date": return full();
    case "date_short": return short();
    case "date_long": return long();
    case "date_pretty": return near(full());
    case "date_short_pretty": return near(short());
    case "date_long_pretty": return near(long());
    case "time": return timeOf(at);
    case "time_secs": return format(at, { hour: "numeric", minute: "2-digit", second: "2-digit" });
    case "ago": return ago(at);
  }
  return null;
}

// inWords writes a moment after a date token's format; null if it is none.
export function inWords(stamp: number, pattern: string): { at: Date; text: string } | null {
  const at = new Date(stamp * 1000);
  if (!pattern || Number.isNaN(at.getTime())) return null;
  const text = pattern.replace(/\{(\w+)\}/g, (whole, name: string) => placeholder(name, at) ?? whole);
  return { at, text: pattern.startsWith("{") ? text.charAt(0).toUpperCase() + text.slice(1) : text };
}
