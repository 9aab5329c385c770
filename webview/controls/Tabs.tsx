/** Tabs with the usual keys: arrows move, Home and End jump. */
import type { ComponentChildren } from 'preact';

export interface TabItem<Id extends string> {
  id: Id;
  label: string;
  count?: number;
}

export function Tabs<Id extends string>(props: {
  /** Prefix of the elements' ids. */
  name: string;
  label: string;
  tabs: readonly TabItem<Id>[];
  active: Id;
  onChange(id: Id): void;
  small?: boolean;
  children?: ComponentChildren;
}) {
  const { name, tabs, active, onChange } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === active);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const place =
      step !== undefined ? (at + step + tabs.length) % tabs.length : { Home: 0, End: tabs.length - 1 }[event.key];
    const tab = place === undefined ? undefined : tabs[place];
    if (!tab) return;
    event.preventDefault();
    onChange(tab.id);
    document.getElementById(`${name}-tab-${tab.id}`)?.focus();
  };
  return (
    <div class={`tabs ${props.small ? 'small' : ''}`}>
      <div role="tablist" aria-label={props.label} tabIndex={-1} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            type="button"
            role="tab"
            key={tab.id}
            id={`${name}-tab-${tab.id}`}
            aria-selected={tab.id === active}
            aria-controls={`${name}-panel`}
            tabIndex={tab.id === active ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && <span class="tab-count"> {tab.count}</span>}
          </button>
        ))}
      </div>
      {props.children}
    </div>
  );
}
