// The parts of the page, and where they stand.
import type { VNode } from "preact";
import { ConfirmDialog } from "./blocks/confirm";
import { Channel } from "./channel";
import { Drawer } from "./drawer";
import { Home } from "./home";
import { Modal } from "./modal";
import { Room } from "./room";
import { Channels, Top } from "./sidebar";
import { Thread } from "./thread";
import { arrived, thread } from "./timeline";
import { home, loaded, part, personOf, toasts } from "./world";
import { Toasts } from "./toasts";

export function Page(): VNode {
  return (
    <>
      <Top />
      <nav class="tabs" aria-label="Parts of the page">
        <Tab name="slack" label="Channel" />
        <Tab name="room" label="Customer and Conveyor" />
      </nav>
      <div class="desk" data-part={part.value} data-thread={thread.value && !home.value ? "open" : undefined}>
        <Channels />
        {home.value ? <Home /> : <Channel />}
        {thread.value && !home.value ? <Thread /> : null}
        <Room />
      </div>
      <Drawer />
      {loaded.value ? <Modal /> : null}
      <ConfirmDialog />
      {toasts.value.length ? <Toasts /> : null}
      <News />
    </>
  );
}

const Tab = ({ name, label }: { name: "slack" | "room"; label: string }): VNode => (
  <button type="button" aria-pressed={part.value === name} onClick={() => { part.value = name; }}>{label}</button>
);

// News tells a screen reader of a message that came.
function News(): VNode {
  const m = arrived.value;
  const said = m ? `New message from ${personOf(m.author)?.name ?? m.author}: ${m.text.slice(0, 200)}` : "";
  return <p class="unseen" role="status" id="news">{said}</p>;
}
