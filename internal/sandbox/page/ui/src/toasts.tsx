// Sentences about what went wrong or well. They stand on top of everything, of
// an open modal too.
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { dropToast, toasts } from "./world";

export function Toasts(): VNode {
  const shelf = useRef<HTMLDivElement>(null);
  // What was opened last is on top.
  useEffect(() => {
    const node = shelf.current;
    if (!node) return;
    if (node.matches(":popover-open")) node.hidePopover();
    node.showPopover();
  }, [toasts.value.length]);
  return (
    <div class="toasts" popover="manual" ref={shelf}>
      {toasts.value.map((t) => (
        <div key={t.id} class={t.good ? "toast good" : "toast bad"} role={t.good ? "status" : "alert"}>
          <span>{t.text}</span>
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dropToast(t.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
