// Following the practice workspace: one stream of events for the person and the
// channel that are shown. It begins with everything and goes on with what
// changes; when it breaks, another one begins.
import { batch } from "@preact/signals";
import { post } from "./api";
import { settle } from "./surface";
import { apply, begin, trim } from "./timeline";
import type { Change, Line, Start } from "./types";
import * as world from "./world";

// keptLines is how many lines of the wire the page keeps.
const keptLines = 400;

let source: EventSource | null = null;
let shownFor = "";

export function follow(): void {
  source?.close();
  const chosen = new URLSearchParams(location.search);
  const own = new EventSource(`/practice/events?${new URLSearchParams({
    as: world.person.value || chosen.get("as") || "", channel: world.channel.value || chosen.get("channel") || "",
  })}`);
  source = own;
  own.addEventListener("start", (event) => start(JSON.parse(event.data) as Start));
  own.addEventListener("change", (event) => change(JSON.parse(event.data) as Change));
  own.onopen = () => { world.connected.value = true; };
  own.onerror = () => {
    world.connected.value = false;
    own.close();
    setTimeout(() => source === own && follow(), 1000);
  };
}

function start(s: Start): void {
  batch(() => {
    world.person.value = s.person;
    world.channel.value = s.channel;
    world.take(s);
    world.wire.value = s.wire;
    world.loaded.value = true;
    settle();
    const place = `${s.person} ${s.channel}`;
    void begin(s.messages, s.earlier, place === shownFor);
    shownFor = place;
  });
}

function change(c: Change): void {
  batch(() => {
    world.take(c);
    if (c.wire) world.wire.value = putLines(world.wire.value, c.wire);
    if (c.changed || c.gone) apply(c.changed ?? [], c.gone ?? []);
    settle(c.changed?.map((m) => m.ts));
  });
}

function putLines(list: Line[], fresh: Line[]): Line[] {
  const ids = new Set(fresh.map((l) => l.id));
  return [...list.filter((l) => !ids.has(l.id)), ...fresh].sort((a, b) => (a.time < b.time ? -1 : 1)).slice(-keptLines);
}

function remember(): void {
  const chosen = new URLSearchParams();
  chosen.set("as", world.person.value);
  if (world.home.value) chosen.set("home", "1");
  else if (world.channel.value) chosen.set("channel", world.channel.value);
  history.replaceState(null, "", `?${chosen}`);
}

export function actAs(id: string): void {
  if (id === world.person.value) return;
  world.person.value = id;
  remember();
  follow();
  if (world.home.value) void openHome();
}

export function openChannel(id: string): void {
  batch(() => {
    world.home.value = false;
    world.part.value = "slack";
    if (id === world.channel.value) return;
    world.channel.value = id;
    follow();
  });
  remember();
}

// openHome opens the app's Home tab, of which the app is told.
export async function openHome(): Promise<void> {
  world.home.value = true;
  world.part.value = "slack";
  remember();
  const outcome = await post("home", { as: world.person.value });
  if (!outcome.ok) world.toast(`${world.app.value?.name ?? "The app"}: ${outcome.error}`);
}

export { trim };
