// A thread, beside the channel.
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { channelName } from "./channel";
import { Composer } from "./composer";
import { Message } from "./message";
import { thread } from "./timeline";
import { channel } from "./world";

export function Thread(): VNode | null {
  const open = thread.value;
  const box = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const from = useRef<Element | null>(null);
  useEffect(() => {
    from.current = document.activeElement;
    head.current?.focus();
  }, [open?.ts]);
  useLayoutEffect(() => { if (box.current) box.current.scrollTop = box.current.scrollHeight; }, [open?.messages.length]);
  if (!open) return null;
  const close = (): void => {
    thread.value = null;
    const back = document.querySelector<HTMLElement>(`#messages [data-ts="${open.ts}"] .replies`);
    (back ?? document.getElementById("scroller"))?.focus({ preventScroll: true });
  };
  return (
    <aside class="thread" id="thread" aria-labelledby="thread-title" onKeyDown={(event) => { if (event.key === "Escape") close(); }}>
      <header class="channel-head">
        <h2 id="thread-title" ref={head} tabIndex={-1}>Thread <span class="quiet">{channelName(channel.value)}</span></h2>
        <button type="button" class="plain close" aria-label="Close the thread" onClick={close}>×</button>
      </header>
      <div class="scroller" ref={box} tabIndex={0} role="region" aria-label="Messages of the thread">
        <ol class="messages">{open.messages.map((m) => <Message key={m.ts} m={m} inThread />)}</ol>
      </div>
      <p class="not-slack">Practice workspace, not Slack</p>
      <Composer inThread={open.ts} />
    </aside>
  );
}
