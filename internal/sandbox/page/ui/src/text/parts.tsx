// Small pieces that several kinds of text share.
import type { ComponentChildren, VNode } from "preact";
import { channelOf, personOf } from "../world";
import { inWords } from "./dates";

export const isSafe = (url: string): boolean => /^(https?:\/\/|mailto:)/i.test(url);

export function Anchor({ url, children }: { url: string; children: ComponentChildren }): VNode {
  if (!isSafe(url)) return <>{children}</>;
  return <a href={url} target="_blank" rel="noopener noreferrer">{children}</a>;
}

const Mention = ({ loud, text }: { loud?: boolean; text: string }): VNode => <span class={loud ? "mention loud" : "mention"}>{text}</span>;

export const PersonMention = ({ id, label }: { id: string; label?: string }): VNode => <Mention text={`@${personOf(id)?.name ?? label ?? id}`} />;
export const ChannelMention = ({ id, label }: { id: string; label?: string }): VNode => <Mention text={`#${channelOf(id)?.name ?? label ?? id}`} />;
export const GroupMention = ({ id, label }: { id: string; label?: string }): VNode => <Mention text={label || `@${id}`} />;
export const Broadcast = ({ range }: { range: string }): VNode => <Mention loud text={`@${range}`} />;

// Moment is a date token: the moment in the reader's zone.
export function Moment({ stamp, format, url, fallback }: { stamp: number; format: string; url?: string; fallback: string }): VNode {
  const words = inWords(stamp, format);
  if (!words) return <>{fallback}</>;
  const shown = <time dateTime={words.at.toISOString()} title={`${fallback} (${words.at.toISOString()})`}>{words.text}</time>;
  return url ? <Anchor url={url}>{shown}</Anchor> : shown;
}

// Picture stands for an image, which is on another machine, where this page
// does not go.
export const Picture = ({ alt }: { alt: string }): VNode => (
  <span class="image" role="img" aria-label={alt}>{alt}</span>
);
