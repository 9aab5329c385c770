/** A card: title, one sentence, controls, and a plot or table. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export function Card(props: {
  title: ComponentChildren;
  sentence?: ComponentChildren;
  controls?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`card ${props.class ?? ''}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{props.title}</h2>
        {props.controls && <div class="card-controls">{props.controls}</div>}
      </div>
      {props.sentence && <p class="sentence">{props.sentence}</p>}
      {props.children}
    </section>
  );
}

/** The placeholder of a plot without data. */
export function Empty({ icon, children }: { icon: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <span class={`codicon codicon-${icon}`} aria-hidden="true" />
      <p>{children}</p>
    </div>
  );
}
