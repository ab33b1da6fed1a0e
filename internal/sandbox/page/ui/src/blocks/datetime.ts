// The date and time picker speaks of seconds since 1970, a field of the browser
// of a date and a time where the person is.
import { zone } from "../world";

const partsAt = (at: Date): Record<string, string> => Object.fromEntries(
  new Intl.DateTimeFormat("en-CA", {
    timeZone: zone.value, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(at).map((p) => [p.type, p.value]),
);

export function toLocal(moment: number): string {
  if (!moment) return "";
  const p = partsAt(new Date(moment * 1000));
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

export function fromLocal(text: string): number {
  const wanted = Date.parse(`${text}Z`) / 1000;
  if (!wanted) return 0;
  let moment = wanted;
  for (let i = 0; i < 3; i++) moment += wanted - Date.parse(`${toLocal(moment)}Z`) / 1000; // around a change of the clocks
  return moment;
}
