// What the page knows: one signal for each thing that is shown by itself. Only
// follow.ts writes them, and what a person chooses on the page.
import { computed, signal } from "@preact/signals";
import type { Access, Channel, Command, Fault, Group, Line, Parts, Person, Request, View } from "./types";

export const connected = signal(true);
export const loaded = signal(false);
export const person = signal("");
export const channel = signal("");
// home says that the app's Home tab is open instead of the channel.
export const home = signal(false);
// part is what a narrow screen shows: the channel or what is beside it.
export const part = signal<"slack" | "room">("slack");

export const people = signal<Person[]>([]);
export const channels = signal<Channel[]>([]);
export const commands = signal<Command[]>([]);
export const views = signal<View[]>([]);
export const homeView = signal<View | null>(null);
export const requests = signal<Request[]>([]);
export const access = signal<Access[]>([]);
export const groups = signal<Group[]>([]);
export const moreGroups = signal(0);
export const faults = signal<Fault[]>([]);
export const running = signal(true);
export const wire = signal<Line[]>([]);

export function take(parts: Partial<Parts>): void {
  if (parts.people) people.value = parts.people;
  if (parts.channels) channels.value = parts.channels;
  if (parts.commands) commands.value = parts.commands;
  if (parts.views) views.value = parts.views;
  if (parts.home !== undefined) homeView.value = parts.home;
  if (parts.requests) requests.value = parts.requests;
  if (parts.access) access.value = parts.access;
  if (parts.groups) groups.value = parts.groups;
  if (parts.more_groups !== undefined) moreGroups.value = parts.more_groups;
  if (parts.faults) faults.value = parts.faults;
  if (parts.running !== undefined) running.value = parts.running;
}

const peopleByID = computed(() => new Map(people.value.map((p) => [p.id, p])));
const channelsByID = computed(() => new Map(channels.value.map((c) => [c.id, c])));

export const personOf = (id: string): Person | undefined => peopleByID.value.get(id);
export const channelOf = (id: string): Channel | undefined => channelsByID.value.get(id);
export const app = computed(() => people.value.find((p) => p.app));
export const placeOf = (id: string): number => Math.max(0, people.value.findIndex((p) => p.id === id));

// zone is where the acting person is; a zone that the browser does not know is UTC.
export const zone = computed(() => {
  const wanted = personOf(person.value)?.zone || "UTC";
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: wanted });
    return wanted;
  } catch {
    return "UTC";
  }
});

export interface Toast { id: number; text: string; good: boolean }
export const toasts = signal<Toast[]>([]);
let lastToast = 0;

// toast tells the person in one sentence what went wrong or well.
export function toast(text: string, good = false): void {
  const id = ++lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, text, good }];
  setTimeout(() => dropToast(id), good ? 4000 : 10000);
}

export function dropToast(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}
