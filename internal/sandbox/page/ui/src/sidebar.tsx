// Who acts, and the channels.
import type { VNode } from "preact";
import { actAs, openChannel, openHome } from "./follow";
import { app, channel, channels, home, people, person, personOf, placeOf, zone } from "./world";

const initials = (name: string): string => name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();

export function Avatar({ id }: { id: string }): VNode {
  const who = personOf(id);
  if (who?.app) return <img class="avatar" src="/assets/icon.svg" alt="" />;
  return <span class={`avatar tint-${placeOf(id) % 6}`} aria-hidden="true">{initials(who?.name ?? "?")}</span>;
}

export function Top(): VNode {
  return (
    <header class="top">
      <div class="brand">
        <img src="/assets/icon.svg" alt="" width="28" height="28" />
        <p><strong>Practice workspace, not Slack</strong><span class="brand-more">Everything here is made up and stays on this machine.</span></p>
      </div>
      <div class="acting" role="group" aria-labelledby="acting-label">
        <span id="acting-label">You act as</span>
        <div id="people" class="people">
          {people.value.filter((p) => !p.app && p.role !== "deactivated").map((p) => (
            <button
              key={p.id} type="button" class="person" aria-pressed={p.id === person.value} title={p.role ? `${p.name}, ${p.role}` : p.name}
              onClick={() => actAs(p.id)}
            ><Avatar id={p.id} /><span class="person-name">{p.name}</span>{p.role ? <span class="role">{p.role}</span> : null}</button>
          ))}
        </div>
      </div>
    </header>
  );
}

export function Channels(): VNode {
  const mine = channels.value.filter((c) => c.member && !c.direct);
  const direct = channels.value.filter((c) => c.member && c.direct);
  const current = (id: string): "true" | undefined => (!home.value && channel.value === id ? "true" : undefined);
  return (
    <nav class="sidebar" aria-label="Channels and apps">
      <h2>Channels</h2>
      <ul id="channels">
        {mine.map((c) => (
          <li key={c.id}><button type="button" aria-current={current(c.id)} onClick={() => openChannel(c.id)}>
            <span class="sign" aria-hidden="true">{c.private ? "🔒" : "#"}</span> {c.name}
          </button></li>
        ))}
        {mine.length === 0 ? <li class="none">None</li> : null}
      </ul>
      <h2>Apps</h2>
      <ul id="apps">
        <li><button type="button" aria-current={home.value ? "true" : undefined} onClick={() => void openHome()}>
          <span class="sign" aria-hidden="true">⌂</span> {app.value?.name ?? "App"} Home
        </button></li>
        {direct.map((c) => (
          <li key={c.id}><button type="button" aria-current={current(c.id)} onClick={() => openChannel(c.id)}>
            <span class="sign" aria-hidden="true">✉</span> {app.value?.name ?? "App"} messages
          </button></li>
        ))}
      </ul>
      <p id="zone" class="zone">Times in {personOf(person.value)?.name ?? "your"}’s zone, {zone.value}</p>
    </nav>
  );
}
