/**
 * The page's controls: the buttons, dropdowns and fields of `@vscode/webview-ui-toolkit`. Its
 * upstream is archived; a replacement changes only this file.
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

/** JSX types of the toolkit's custom elements. */
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
  /** The tooltip; for a disabled button, the reason. */
  title?: string;
  disabled?: boolean;
  /** State of a toggle button. */
  pressed?: boolean;
  expanded?: boolean;
  appearance?: 'primary' | 'secondary' | 'icon';
  class?: string;
}

/** A button with a label. Stays focusable when disabled, so that its tooltip can give the reason. */
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

/** A button with only an icon; the label is its tooltip and its accessible name. */
export function IconButton(props: Omit<ButtonProps, 'appearance' | 'class'> & { icon: string }) {
  return <Button {...props} title={props.title ?? props.label} class="icon" />;
}

/** A button that looks like a link. */
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

/** A select of one value. */
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
  // The element accepts a value only after it has the option.
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

/** A text field of one line that takes effect with each key. */
export function TextField(props: { label: string; placeholder: string; value: string; onInput(value: string): void }) {
  const element = useRef<(HTMLElement & { value: string }) | null>(null);
  // The element sets its own name, `Text field`, when it is attached.
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
