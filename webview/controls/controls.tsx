/**
 * The page's controls, all in one place: buttons, choices and fields are those of `@vscode/webview-ui-toolkit`. Its
 * upstream is archived; whoever replaces it does so here.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import type { ComponentChildren, ComponentType, HTMLAttributes, Ref } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

/** The elements' names, given the types that JSX knows only for HTML's own. */
type Custom = ComponentType<
  Omit<HTMLAttributes<HTMLElement>, 'ref'> & {
    appearance?: string;
    value?: string;
    placeholder?: string;
    ref?: Ref<HTMLElement & { value: string }>;
    onchange?(event: Event): void;
    oninput?(event: Event): void;
  }
>;
const ToolkitButton = 'vscode-button' as unknown as Custom;
const ToolkitDropdown = 'vscode-dropdown' as unknown as Custom;
const ToolkitOption = 'vscode-option' as unknown as Custom;
const ToolkitTextField = 'vscode-text-field' as unknown as Custom;

export function Icon({ name, spin = false, class: extra = '' }: { name: string; spin?: boolean; class?: string }) {
  return <span class={`codicon codicon-${name} ${spin ? 'turning' : ''} ${extra}`} aria-hidden="true" />;
}

interface ButtonProps {
  label: string;
  onClick(event: MouseEvent): void;
  icon?: string;
  /** Shown on hover; why it is disabled when it is. */
  title?: string;
  disabled?: boolean;
  /** For buttons that stay pressed. */
  pressed?: boolean;
  expanded?: boolean;
  appearance?: 'primary' | 'secondary' | 'icon';
  class?: string;
}

/** A button with a word. It stays focusable when disabled, so that one can find out why it is. */
export function Button(props: ButtonProps) {
  const { label, icon, title, disabled = false, pressed, expanded, appearance = 'icon', onClick } = props;
  return (
    <ToolkitButton
      appearance={appearance}
      class={`${props.class ?? 'word'} ${disabled ? 'disabled' : ''}`}
      title={title ?? ''}
      aria-label={title && disabled ? `${label}: ${title}` : label}
      aria-disabled={disabled}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-haspopup={expanded === undefined ? undefined : 'menu'}
      onClick={(event: MouseEvent) => !disabled && onClick(event)}
    >
      {icon && <Icon name={icon} />}
      {props.class === 'icon' ? null : <span>{label}</span>}
    </ToolkitButton>
  );
}

/** A button that shows only its icon; the label is its tooltip and what a screen reader says. */
export function IconButton(props: Omit<ButtonProps, 'appearance' | 'class'> & { icon: string }) {
  return <Button {...props} title={props.title ?? props.label} class="icon" />;
}

/** Looks like a link and acts in place. */
export function LinkButton(props: {
  onClick(): void;
  children: ComponentChildren;
  title?: string;
  disabled?: boolean;
  label?: string;
}) {
  const { onClick, children, title, disabled = false, label } = props;
  return (
    <button
      type="button"
      class="link"
      title={title ?? ''}
      aria-label={label}
      aria-disabled={disabled}
      onClick={() => !disabled && onClick()}
    >
      {children}
    </button>
  );
}

export interface Choice {
  value: string;
  label: string;
}

/** A choice of one. */
export function Dropdown(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChange(value: string): void;
}) {
  const { label, value, choices, onChange } = props;
  const element = useRef<(HTMLElement & { value: string }) | null>(null);
  const shown = choices.some((choice) => choice.value === value) ? value : (choices[0]?.value ?? '');
  const list = choices.map((choice) => `${choice.value}\n${choice.label}`).join('\n');
  // The element takes a value only when it has the option already.
  useLayoutEffect(() => {
    if (element.current && element.current.value !== shown) element.current.value = shown;
  }, [shown, list]);
  return (
    <ToolkitDropdown
      ref={element}
      class="quiet"
      aria-label={label}
      title={label}
      onchange={(event: Event) => {
        const chosen = (event.currentTarget as HTMLElement & { value: string }).value;
        if (chosen !== shown) onChange(chosen);
      }}
    >
      {choices.map((choice) => (
        <ToolkitOption key={choice.value} value={choice.value}>
          {choice.label}
        </ToolkitOption>
      ))}
    </ToolkitDropdown>
  );
}

/** One line of text that takes effect while it is typed. */
export function TextField(props: { label: string; placeholder: string; value: string; onInput(value: string): void }) {
  const element = useRef<(HTMLElement & { value: string }) | null>(null);
  // The element gives itself a name, `Text field`, when it comes into the page.
  useLayoutEffect(() => element.current?.setAttribute('aria-label', props.label), [props.label]);
  return (
    <ToolkitTextField
      ref={element}
      class="filter"
      placeholder={props.placeholder}
      value={props.value}
      oninput={(event: Event) => props.onInput((event.currentTarget as HTMLElement & { value: string }).value)}
    >
      <span slot="start" class="codicon codicon-filter" aria-hidden="true" />
    </ToolkitTextField>
  );
}
