// The message box, with the slash commands that can be written in it.
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { post } from "./api";
import { following, toNewest } from "./timeline";
import { channel, channelOf, commands, person, personOf, toast } from "./world";

// drafts is what is written and not sent, by person and place.
const drafts = signal<Record<string, string>>({});

export function Composer({ inThread = "" }: { inThread?: string }): VNode {
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [active, setActive] = useState(0);
  const [away, setAway] = useState(false);
  const [sending, setSending] = useState(false);
  const place = `${person.value} ${channel.value} ${inThread}`;
  const text = drafts.value[place] ?? "";
  const write = (next: string): void => {
    drafts.value = { ...drafts.value, [place]: next };
    setAway(false);
    setActive(0);
  };

  const begun = /^\/\S*$/.test(text) && !inThread && !away;
  const found = begun ? commands.value.filter((c) => c.name.startsWith(text)) : [];
  const at = Math.min(active, found.length - 1);
  const known = commands.value.find((c) => text.startsWith(`${c.name} `));
  const choose = (i: number): void => {
    const command = found[i];
    if (!command) return;
    write(`${command.name} `);
    box.current?.focus();
  };

  const send = async (): Promise<void> => {
    if (sending || text.trim() === "") return;
    setSending(true);
    const outcome = await post("say", { as: person.value, channel: channel.value, thread: inThread, text });
    setSending(false);
    if (!outcome.ok) {
      toast(outcome.error ?? "This was not sent.");
      return;
    }
    drafts.value = { ...drafts.value, [place]: "" };
    if (inThread) return;
    following.value = true;
    void toNewest();
  };

  const keys = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const exact = found.length === 1 && found[0]!.name === text;
    if (found.length > 0) {
      const to = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : null;
      if (to !== null) setActive((to + found.length) % found.length);
      else if (event.key === "Tab" || (event.key === "Enter" && !exact)) choose(at);
      else if (event.key === "Escape") setAway(true);
      if (to !== null || ["Tab", "Escape"].includes(event.key) || (event.key === "Enter" && !exact)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  };

  const where = channelOf(channel.value);
  if (!where || where.archived) return <div class="composer"><p class="quiet">Nobody can write here.</p></div>;
  const name = inThread ? "Reply" : where.direct ? "Message the app" : `Message #${where.name}`;
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      {begun ? (
        <div class="menu commands">
          {found.length ? (
            <ul class="menu-list" id={`${id}list`} role="listbox" aria-label="Commands">{found.map((c, i) => (
              <li
                key={c.name} id={`${id}-${i}`} role="option" aria-selected={i === at} class={i === at ? "option active" : "option"}
                onPointerDown={(event) => event.preventDefault()} onClick={() => choose(i)}
              ><span class="menu-text"><strong>{c.name}</strong> {c.hint}</span><span class="menu-more">{c.description}</span></li>
            ))}</ul>
          ) : <p class="menu-status">{commands.value.length ? "No command begins so." : "The app has no slash commands here."}</p>}
        </div>
      ) : null}
      <p class="unseen" role="status">{begun ? `${found.length} commands` : ""}</p>
      <textarea
        ref={box} id={inThread ? "reply" : "composer"} rows={1} value={text} aria-label={`${name}, as ${personOf(person.value)?.name ?? ""}`} placeholder={name}
        aria-autocomplete="list" aria-controls={found.length ? `${id}list` : undefined} aria-activedescendant={found.length ? `${id}-${at}` : undefined}
        onInput={(event) => write(event.currentTarget.value)} onKeyDown={keys} onBlur={() => setAway(true)}
      />
      <button type="submit" class="button primary send" aria-label="Send" aria-busy={sending || undefined} disabled={text.trim() === ""}>➤</button>
      {known?.hint ? <p class="hint">{known.name} {known.hint}</p> : null}
    </form>
  );
}
