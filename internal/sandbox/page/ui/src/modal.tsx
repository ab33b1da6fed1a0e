// The topmost modal of the person's stack, in a dialog.
import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { post } from "./api";
import { Blocks } from "./blocks/blocks";
import { inputsOf, type Surface } from "./surface";
import type { Answer, View } from "./types";
import { person, toast, views } from "./world";

interface Submitted extends Answer { errors?: Record<string, string> | null }

export function Modal(): VNode | null {
  const stack = views.value;
  const view = stack.at(-1);
  return view ? <Dialog key={person.value} view={view} depth={stack.length} /> : null;
}

function Dialog({ view, depth }: { view: View; depth: number }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [submitting, setSubmitting] = useState(false);
  useLayoutEffect(() => {
    const node = dialog.current;
    node?.showModal();
    // Closing gives the keyboard back to where it was.
    return () => node?.close();
  }, []);
  useLayoutEffect(() => {
    const first = body.current?.querySelector<HTMLElement>("input:not([type=hidden]), textarea, button");
    (first ?? dialog.current?.querySelector<HTMLElement>("footer button:last-of-type"))?.focus();
    if (body.current) body.current.scrollTop = 0;
  }, [view.id]);
  const wrong = Object.keys(view.errors ?? {}).join();
  useLayoutEffect(() => {
    if (wrong) body.current?.querySelector<HTMLElement>('[aria-invalid="true"], .wrong input, .wrong button')?.focus();
  }, [wrong, submitting]);

  const surface: Surface = { key: `v:${view.id}`, place: { view: view.id }, state: view.state, errors: view.errors, collects: true };
  const leave = async (all: boolean): Promise<void> => {
    const outcome = await post("close", { as: person.value, view: view.id, all });
    if (!outcome.ok) toast(outcome.error ?? "");
  };
  const submit = async (): Promise<void> => {
    if (submitting || !view.submit) return;
    setSubmitting(true);
    const outcome = await post<Submitted>("submit", { as: person.value, view: view.id, inputs: inputsOf(surface) });
    setSubmitting(false);
    if (!outcome.ok && !Object.keys(outcome.errors ?? {}).length) toast(outcome.error ?? "");
  };
  return (
    <dialog
      ref={dialog} id="modal" class={`modal depth-${Math.min(depth, 3)}`} aria-labelledby="modal-title"
      onCancel={(event) => { event.preventDefault(); void leave(false); }}
    >
      <form class="modal-inner" noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <header>
          <h2 id="modal-title">{view.title}</h2>
          {depth > 1 ? <span class="quiet" id="modal-depth">{depth} open</span> : null}
          <button type="button" class="plain close" aria-label={depth > 1 ? "Close all" : "Close"} onClick={() => void leave(true)}>×</button>
        </header>
        <div class="modal-body" ref={body} tabIndex={-1}>
          {view.problem ? <p class="problem" role="alert">{view.problem}</p> : null}
          <Blocks of={view.blocks} on={surface} />
        </div>
        <p class="unseen" role="alert">{wrong ? "The form shows errors." : ""}</p>
        <footer>
          <span class="not-slack">Practice workspace, not Slack</span>
          <button type="button" class="button" onClick={() => void leave(false)}>{view.close || (depth > 1 ? "Back" : "Cancel")}</button>
          {view.submit ? <button type="submit" class="button primary" aria-busy={submitting || undefined}>{view.submit}</button> : null}
        </footer>
      </form>
    </dialog>
  );
}
