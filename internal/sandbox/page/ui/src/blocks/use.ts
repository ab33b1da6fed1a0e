// Using an element, whatever its kind.
import type { Slot } from "../surface";
import { isSafe } from "../text/parts";
import { confirmed } from "./confirm";

// use does what is done with an element once the person has confirmed it.
export async function use(slot: Slot, act: () => void): Promise<boolean> {
  if (slot.def.confirm && !await confirmed(slot.def.confirm)) return false;
  act();
  return true;
}

export function openLink(url: string | undefined): void {
  if (url && isSafe(url)) window.open(url, "_blank", "noopener,noreferrer");
}
