/** A menu at a position on the page, with the entries of the context menu. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './controls.tsx';

export interface MenuItem {
  label: string;
  icon: string;
  run(): void;
  /** Why the item is disabled. */
  disabled?: string | undefined;
}

export interface OpenMenu {
  label: string;
  items: readonly (MenuItem | 'line')[];
  /** Pixels in the window. */
  left: number;
  top: number;
  /** The element that gets the focus back. */
  owner: HTMLElement | null;
}

export function Menu({ menu, close }: { menu: OpenMenu; close(): void }) {
  const element = useRef<HTMLDivElement>(null);
  const done = () => {
    close();
    menu.owner?.focus();
  };

  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const { width, height } = box.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    box.style.left = `${Math.max(4, Math.min(menu.left, clientWidth - width - 4))}px`;
    box.style.top = `${Math.max(4, Math.min(menu.top, clientHeight - height - 4))}px`;
    box.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [menu]);

  useEffect(() => {
    const outside = (event: Event) => {
      if (event.target instanceof Node && element.current?.contains(event.target)) return;
      close();
    };
    window.addEventListener('pointerdown', outside);
    window.addEventListener('scroll', outside, true);
    window.addEventListener('blur', outside);
    return () => {
      window.removeEventListener('pointerdown', outside);
      window.removeEventListener('scroll', outside, true);
      window.removeEventListener('blur', outside);
    };
  }, [menu, close]);

  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(element.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const go = (index: number) => items[(index + items.length) % items.length]?.focus();
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(items.length - 1);
    else if (event.key === 'Escape' || event.key === 'Tab') done();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu" role="menu" aria-label={menu.label} tabIndex={-1} ref={element} onKeyDown={onKeyDown}>
      {menu.items.map((item, index) =>
        item === 'line' ? (
          <hr key={`line-${index}`} />
        ) : (
          <button
            type="button"
            role="menuitem"
            key={item.label}
            aria-disabled={item.disabled !== undefined}
            title={item.disabled ?? ''}
            onClick={() => {
              if (item.disabled !== undefined) return;
              done();
              item.run();
            }}
          >
            <Icon name={item.icon} />
            <span>{item.label}</span>
          </button>
        ),
      )}
    </div>
  );
}

/** The position below the element that opens the menu. */
export function menuBelow(event: MouseEvent, label: string, items: OpenMenu['items']): OpenMenu {
  const owner = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
  const bounds = owner?.getBoundingClientRect();
  return { label, items, left: bounds?.left ?? event.clientX, top: (bounds?.bottom ?? event.clientY) + 2, owner };
}
