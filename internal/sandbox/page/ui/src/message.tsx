// One message.
import type { VNode } from "preact";
import { post } from "./api";
import { Blocks } from "./blocks/blocks";
import { Avatar } from "./sidebar";
import type { Surface } from "./surface";
import { dateTimeOf, moment, timeOf } from "./text/dates";
import { Mrkdwn } from "./text/mrkdwn";
import { openThread } from "./timeline";
import type { Message as M } from "./types";
import { channel, person, personOf, toast } from "./world";

export function Message({ m, inThread = false }: { m: M; inThread?: boolean }): VNode {
  const author = personOf(m.author);
  const at = moment(m.ts);
  const surface: Surface = {
    key: `m:${person.value}:${channel.value}:${m.ts}`, place: { channel: channel.value, ts: m.ts }, state: m.state, collects: false,
  };
  return (
    <li class={m.ephemeral ? "message ephemeral" : "message"} data-ts={m.ts}>
      <Avatar id={m.author} />
      <article aria-label={`${author?.name ?? m.author}, ${timeOf(at)}`}>
        <p class="byline">
          <strong>{author?.name ?? m.author}</strong>
          {author?.app ? <span class="app">APP</span> : null}
          {author?.role ? <span class="role">{author.role}</span> : null}
          <time dateTime={at.toISOString()} title={dateTimeOf(at)}>{timeOf(at)}</time>
          {m.broadcast && !inThread ? <span class="quiet">replied to a thread</span> : null}
        </p>
        {m.ephemeral ? (
          <p class="only-you">Only visible to you · <button
            type="button" class="link" onClick={() => void post("dismiss", { as: person.value, channel: channel.value, ts: m.ts })
              .then((outcome) => { if (!outcome.ok) toast(outcome.error ?? ""); })}
          >Dismiss</button></p>
        ) : null}
        {m.blocks ? <Blocks of={m.blocks} on={surface} /> : <div class="text"><Mrkdwn source={m.text} /></div>}
        {m.edited ? <p class="edited">(edited)</p> : null}
        {inThread || m.ephemeral ? null : m.thread_ts ? (
          <button type="button" class="replies" onClick={() => void openThread(m.thread_ts!)}>View the thread</button>
        ) : m.replies > 0 ? (
          <button type="button" class="replies" onClick={() => void openThread(m.ts)}>{m.replies === 1 ? "1 reply" : `${m.replies} replies`}</button>
        ) : <button type="button" class="replies start" onClick={() => void openThread(m.ts)}>Reply in a thread</button>}
      </article>
    </li>
  );
}
