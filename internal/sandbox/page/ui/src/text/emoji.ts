// Emoji by Slack's short names.
import names from "emoji";

const tone = /^skin-tone-([2-6])$/;

// emoji gives what a name stands for, or null.
export function emoji(name: string): string | null {
  const level = tone.exec(name)?.[1];
  if (level) return String.fromCodePoint(0x1f3fb + Number(level) - 2);
  return Object.hasOwn(names, name) ? names[name] ?? null : null;
}

// withEmoji replaces the names between colons in a plain text.
export const withEmoji = (text: string): string =>
  text.replace(/:([a-z0-9_+'-]+):(?::(skin-tone-[2-6]):)?/g, (whole, name: string, skin?: string) => {
    const found = emoji(name);
    return found === null ? whole : found + (skin ? emoji(skin) : "");
  });
