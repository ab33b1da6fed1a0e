// The channel: its messages, a window on which follows the reader.
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Composer } from "./composer";
import { Hints, ShowHints } from "./hints";
import { Message } from "./message";
import { dayOf, moment } from "./text/dates";
import { earlier, following, goDown, goUp, later, messages, missed, toNewest, trim } from "./timeline";
import type { Message as M } from "./types";
import { channel, channelOf, connected, loaded } from "./world";

export const channelName = (id: string): string => {
  const c = channelOf(id);
  return c ? (c.direct ? "Direct message" : `# ${c.name}`) : "No channel";
};

export function Channel(): VNode {
  return (
    <main class="channel">
      <header class="channel-head">
        <h1 id="channel-name">{channelName(channel.value)}</h1>
        <Connection />
        <ShowHints />
      </header>
      <Hints />
      <Messages />
      <Composer />
    </main>
  );
}

export const Connection = (): VNode => (
  <p id="connection" class="connection" role="status">{connected.value ? "" : "Not connected, trying again…"}</p>
);

// near is how close to the end of what is loaded more is fetched, in pixels.
const near = 900;

// below is how much there is below what is in sight, in pixels.
const below = (box: HTMLElement): number => box.scrollHeight - box.scrollTop - box.clientHeight;

function Messages(): VNode {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const anchor = useRef<{ ts: string; top: number } | null>(null);
  const place = useRef("");
  const top = useRef(0);

  // remember keeps which message is the first in sight, and where.
  const remember = (): void => {
    const b = box.current;
    const rows = list.current?.children;
    if (!b || !rows) return;
    const edge = b.getBoundingClientRect().top;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle]!.getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    // A day’s name is no message, and may go when earlier ones come.
    const row = [rows[low], rows[low + 1]].find((r) => r instanceof HTMLElement && r.dataset.ts) as HTMLElement | undefined;
    anchor.current = row ? { ts: row.dataset.ts!, top: row.getBoundingClientRect().top - edge } : null;
  };
  // stay keeps in sight what was in sight, or the newest message.
  const stay = (): void => {
    const b = box.current;
    if (!b) return;
    // Who has scrolled up is told by an event that may come after this.
    if (following.value && b.scrollTop < top.current - 1) following.value = below(b) < 60;
    if (following.value) b.scrollTop = b.scrollHeight;
    else if (anchor.current) {
      const row = list.current?.querySelector(`[data-ts="${anchor.current.ts}"]`);
      if (row) b.scrollTop += row.getBoundingClientRect().top - b.getBoundingClientRect().top - anchor.current.top;
    }
    top.current = b.scrollTop;
    remember();
  };
  const look = (): void => {
    const b = box.current;
    if (!b) return;
    following.value = later.value === 0 && below(b) < 60;
    top.current = b.scrollTop;
    remember();
    if (b.scrollTop < near) void goUp();
    else if (below(b) < near) void goDown();
  };
  useLayoutEffect(() => {
    if (place.current !== channel.value) {
      anchor.current = null;
      top.current = 0;
    }
    place.current = channel.value;
    stay();
    if (following.value) trim("start");
    else trim("end", 200);
  }, [messages.value]);
  useEffect(() => {
    const watch = new ResizeObserver(stay);
    watch.observe(box.current!);
    watch.observe(list.current!);
    return () => watch.disconnect();
  }, []);

  return (
    <div class="stage">
      <div id="scroller" class="scroller" ref={box} tabIndex={0} role="region" aria-label="Messages" onScroll={look}>
        {earlier.value > 0 ? <p id="earlier" class="quiet"><button type="button" class="link" onClick={() => void goUp()}>{earlier.value} earlier messages</button></p> : null}
        {loaded.value && messages.value.length === 0
          ? <p id="nothing" class="quiet">No messages yet. Ask for access as a customer, and Frontdesk posts it in its channel.</p> : null}
        <ol id="messages" class="messages" ref={list}>{rows(messages.value)}</ol>
      </div>
      {later.value > 0 || !following.value ? (
        <button
          type="button" id="to-newest" class="button to-newest"
          onClick={() => {
            following.value = true;
            top.current = 0;
            void toNewest();
            stay();
            box.current?.focus({ preventScroll: true });
          }}
        >{missed.value > 0 ? `${missed.value} new ↓` : "To the newest ↓"}</button>
      ) : null}
    </div>
  );
}

function rows(all: M[]): VNode[] {
  let day = "";
  return all.flatMap((m) => {
    const today = dayOf(moment(m.ts));
    const row = <Message key={m.ts} m={m} />;
    if (today === day) return [row];
    day = today;
    return [<li key={`day ${today}`} class="day"><span>{today}</span></li>, row];
  });
}
