// The app's Home tab, as the acting person sees it.
import type { VNode } from "preact";
import { Blocks } from "./blocks/blocks";
import { Connection } from "./channel";
import { openHome } from "./follow";
import { app, homeView, person, personOf } from "./world";

export function Home(): VNode {
  const view = homeView.value;
  return (
    <main class="channel" id="home">
      <header class="channel-head">
        <h1>{app.value?.name ?? "App"} <span class="quiet">Home of {personOf(person.value)?.name}</span></h1>
        <Connection />
        <button type="button" class="button small" onClick={() => void openHome()}>Open it anew</button>
      </header>
      <div class="scroller home" tabIndex={0} role="region" aria-label="Home tab">
        <p class="not-slack">Practice workspace, not Slack</p>
        {view
          ? <Blocks of={view.blocks} on={{ key: `v:${view.id}`, place: { view: view.id }, state: view.state, collects: false }} />
          : <p id="no-home" class="quiet">The app has not published a Home tab for {personOf(person.value)?.name ?? "you"} yet. It was told that you opened it.</p>}
      </div>
    </main>
  );
}
